"""The line as a whole: starts the stations together, and holds what they did against what the cameras saw."""
