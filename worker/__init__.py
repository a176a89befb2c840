"""Worker: a frame from the bus becomes a verdict, a row and, where it is worth it, an artifact."""
