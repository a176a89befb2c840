"""Results of long runs, one JSON object per line: what a cut power cord spoils is the last line, never the others."""

import json
from pathlib import Path
from typing import Any

Result = dict[str, Any]


class ResultLines:
    """A file that only grows. A damaged line counts as never written: that run is done again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[Result]:
        """All whole lines, in the order they were written; nothing where there is no file yet."""
        if not self._path.exists():
            return []
        lines = self._path.read_text(errors="replace").splitlines()
        return [result for line in lines if (result := parsed(line)) is not None]

    def append(self, result: Result) -> None:
        """Add one line, on a line of its own even where the last one was cut short."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab+") as file:
            file.write(("\n" * self._is_cut() + written(result) + "\n").encode())

    def _is_cut(self) -> bool:
        content = self._path.read_bytes()
        return bool(content) and not content.endswith(b"\n")


def written(result: Result) -> str:
    """The object as one line; the same object gives the same line."""
    return json.dumps(result, sort_keys=True)


def parsed(line: str) -> Result | None:
    """The object a line holds; None for anything else."""
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
