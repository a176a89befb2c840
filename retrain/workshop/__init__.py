"""Where torch runs in a night: a process of its own, bounded, that reads a job and writes what came of it."""
