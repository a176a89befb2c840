"""Closes parts whose views did not come, beside the batches."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from core.errors import LedgerUnavailable
from core.part_ports import PartDecisions
from worker.counts import Counts

EVERY_S = 1.0

log = structlog.get_logger("worker")


class Sweeping(Protocol):
    """Whoever looks for parts that nobody waits for any more."""

    def sweep(self, counts: Counts) -> None:
        """Close them, if it is time to look again. Never raises for a Postgres that does not answer."""
        ...


class Sweep:
    """Every worker sweeps, at most once a second; they leave each other's parts alone."""

    def __init__(
        self,
        parts: PartDecisions,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        every_s: float = EVERY_S,
    ) -> None:
        self._parts = parts
        self._clock = clock
        self._monotonic = monotonic
        self._every_s = every_s
        self._next_at = float("-inf")

    def sweep(self, counts: Counts) -> None:
        """What cannot be closed now is closed next time, by whoever comes first."""
        if self._monotonic() < self._next_at:
            return
        self._next_at = self._monotonic() + self._every_s
        try:
            closed = self._parts.close_overdue(self._clock())
        except LedgerUnavailable as error:
            log.warning("parts_not_closed", error=str(error))
            return
        counts.parts_closed += len(closed)
        if closed:
            log.warning("views_missing", parts=len(closed), first=closed[0].seen.part_id, detail=closed[0].detail)


class NoSweep:
    """Where no product is seen by several cameras."""

    def sweep(self, counts: Counts) -> None:
        """Nothing."""
