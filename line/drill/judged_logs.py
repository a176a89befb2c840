"""The workers' judged logs, read as they grow: what was tried, also by those who were killed before they could say."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from line.account import Key


@dataclass(frozen=True, slots=True)
class Attempts:
    """What the workers wrote down outside Postgres: every result they were about to record, and every fence."""

    judged: int = 0
    distinct: int = 0
    fenced: int = 0

    @property
    def judged_again(self) -> int:
        """Results that a killed or fenced worker had judged before."""
        return self.judged - self.distinct


@dataclass
class JudgedLogs:
    """One file per worker process in a folder; every look reads only what is new."""

    folder: Path
    _read_to: dict[str, int] = field(default_factory=dict)
    _batches: dict[str, list[frozenset[Key]]] = field(default_factory=dict)
    _keys: set[Key] = field(default_factory=set)
    _judged: int = 0
    _fenced: int = 0

    def path(self, worker: str) -> Path:
        """Where this worker writes."""
        return self.folder / f"{worker}.jsonl"

    def attempts(self) -> Attempts:
        """Everything written so far."""
        for path in self.folder.glob("*.jsonl"):
            self._take(path.stem, self._new_lines(path))
        return Attempts(self._judged, len(self._keys), self._fenced)

    def batches(self, worker: str) -> list[frozenset[Key]]:
        """What this worker was about to record, batch by batch."""
        self.attempts()
        return self._batches.get(worker, [])

    def _new_lines(self, path: Path) -> list[bytes]:
        """Whole lines only: the end of a killed worker's log may be torn."""
        with path.open("rb") as file:
            file.seek(self._read_to.get(path.stem, 0))
            fresh = file.read()
        whole, _, _ = fresh.rpartition(b"\n")
        self._read_to[path.stem] = self._read_to.get(path.stem, 0) + len(whole) + bool(whole)
        return whole.split(b"\n") if whole else []

    def _take(self, worker: str, lines: Iterable[bytes]) -> None:
        for entry in map(parsed, lines):
            self._fenced += entry.get("event") == "fenced"
            if entry.get("event") == "judged":
                keys = frozenset((camera, start_id, sequence) for camera, start_id, sequence in entry["keys"])
                self._batches.setdefault(worker, []).append(keys)
                self._keys |= keys
                self._judged += len(entry["keys"])


def parsed(line: bytes) -> dict[str, Any]:
    """One entry; nothing where the line is not whole."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
