"""Gaps of the bus: records that its retention deleted before anybody judged them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.frame import check_utc
from core.inspection import Progress


@dataclass(frozen=True, slots=True)
class Gap:
    """One partition from `first` up to, not including, `until`: deleted unjudged.

    `cameras` are those whose frames this partition carries, as far as the ledger has heard of them. Where they are
    several, what each of them lost is told by its counters once its next frame is judged (camera_account.py).
    """

    topic: str
    partition: int
    first: int
    until: int
    cameras: tuple[str, ...]
    found_at: datetime

    def __post_init__(self) -> None:
        check_utc("found_at", self.found_at)
        if not 0 <= self.first < self.until:
            raise ValueError(f"a gap holds at least one record, got {self.first} -> {self.until}")

    @property
    def frames(self) -> int:
        """How many records it holds: every frame is one, and so is the announcement of a dropped one."""
        return self.until - self.first

    def progress(self) -> Progress:
        """Moves the partition past it."""
        return Progress(self.topic, self.partition, self.first, self.until)


class GapLedger(Protocol):
    """Where gaps are written down."""

    def cameras_heard_of(self) -> Sequence[str]:
        """Every camera that ever reported or was judged, by name."""
        ...

    def record_gap(self, gap: Gap) -> None:
        """Write the gap and move its partition past it, in one transaction.

        Raises:
            Fenced: The partition does not stand at the gap's `first`: another worker moved it. Nothing was written.
            LedgerUnavailable: Nothing was written; trying again is safe.
        """
        ...

    def gaps(self, since: datetime) -> Sequence[Gap]:
        """Those found since then, newest first."""
        ...
