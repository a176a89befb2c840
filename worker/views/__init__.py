"""Parts that several cameras see: which views belong together, and what becomes of those that do not come."""
