"""Parts on which two versions disagreed."""
