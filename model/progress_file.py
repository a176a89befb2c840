"""Training's progress for whoever shows it: one line of JSON in a file, replaced as a whole."""

import json
from dataclasses import asdict
from pathlib import Path

from core.whole_file import write_whole
from model.pace import Progress, Seconds

WRITTEN_EVERY_S = 0.3


class ProgressFile:
    """Writes at most every 0.3 s, so that the file is never older than one step and never costs anything."""

    def __init__(self, path: Path | None, clock: Seconds) -> None:
        self._path, self._clock = path, clock
        self._written = float("-inf")

    def tell(self, progress: Progress) -> None:
        """Replace the line, unless it is fresh."""
        if self._path is not None and self._clock() - self._written >= WRITTEN_EVERY_S:
            self.write(progress)

    def write(self, progress: Progress) -> None:
        """Replace the line."""
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, (json.dumps(asdict(progress)) + "\n").encode())
            self._written = self._clock()
