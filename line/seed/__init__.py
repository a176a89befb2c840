"""Fills a line with believable rows, for looking at pages and for their tests."""
