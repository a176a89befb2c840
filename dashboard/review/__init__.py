"""The page Review: what waits for a person, what they say of it, and how that is kept."""
