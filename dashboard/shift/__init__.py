"""The page Shift start: the line is shown parts whose verdict is known."""
