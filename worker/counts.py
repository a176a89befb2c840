"""What a worker did since it started: said once, at its end."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.inspection import Recorded, Result


@dataclass
class Counts:
    """Counters that only grow. `already_there` are frames judged again whose row an earlier try had written.

    `parts_closed` are parts of several views that this worker closed for want of one.
    """

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
    parts_closed: int = 0
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
