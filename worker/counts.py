"""What a worker did since it started: said once, at its end."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from core.inspection import Recorded, Result


@dataclass
class Counts:
    """Counters that only grow. `already_there` are frames judged again whose row an earlier try had written."""

    batches: int = 0
    frames: int = 0
    new: int = 0
    already_there: int = 0
    fenced: int = 0
    refiled: int = 0
    board_unavailable: int = 0
    settle_unavailable: int = 0
    told: int = 0
    not_told: int = 0
    by_decision: Counter[str] = field(default_factory=Counter)
    by_reason: Counter[str] = field(default_factory=Counter)

    def note_recorded(self, results: Iterable[Result], recorded: Recorded) -> None:
        """A transaction was committed."""
        self.batches += 1
        self.new += recorded.new
        self.already_there += recorded.already_there
        for result in results:
            self.frames += 1
            self.by_decision[result.decision] += 1
            reason = getattr(result, "reason", "")
            self.by_reason.update([reason] if reason else [])

    def to_json(self) -> str:
        """All of it as one JSON object."""
        return json.dumps(vars(self))


class JudgedLog:
    """A file beside Postgres that says what was tried: frames judged again by a killed worker stand in it twice.

    One line of JSON per event, appended unbuffered before the transaction begins; for drills, off by default.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)

    def judged(self, keys: Iterable[tuple[str, str, int]]) -> None:
        """These results are about to be recorded."""
        self._append({"event": "judged", "keys": list(keys)})

    def recorded(self, recorded: Recorded) -> None:
        """They are."""
        self._append({"event": "recorded", "new": recorded.new, "already_there": recorded.already_there})

    def fenced(self) -> None:
        """They were another worker's, or an earlier try's."""
        self._append({"event": "fenced"})

    def _append(self, line: dict[str, object]) -> None:
        self._file.write(json.dumps(line).encode() + b"\n")


class NoJudgedLog:
    """Where nobody asked for one."""

    def judged(self, keys: Iterable[tuple[str, str, int]]) -> None:
        """Nothing."""

    def recorded(self, recorded: Recorded) -> None:
        """Nothing."""

    def fenced(self) -> None:
        """Nothing."""
