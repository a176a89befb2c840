"""Scores without the regions that a recipe leaves out."""
