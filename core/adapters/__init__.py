"""The outside world, one client library per file, and the in-memory twins of every port."""
