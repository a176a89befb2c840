"""A clock that never goes back while the worker runs: a verdict may look later than it is, but never earlier."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from core.ports import Clock

SLACK = timedelta(seconds=1)
"""What a time server takes back in small steps is no jump."""

REMEDY = "set the machine's clock right, then restart this worker by hand"
"""By hand: where the clock is wrong a worker that a supervisor restarts would believe it, and call the late in time."""

log = structlog.get_logger("worker")


class ForwardClock:
    """The machine's clock. Where that was set back, the time that has passed by the machine's other one is added on.

    A deadline is then still held: with the machine's clock alone, a verdict an hour late would be in time. Once the
    machine's clock has caught up it counts again. A clock that is set forward is believed: frames become late, ERROR,
    and never OK by accident.
    """

    def __init__(self, wall: Clock, monotonic: Callable[[], float]) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._seen = wall()
        self._seen_at = monotonic()
        self._is_behind = False
        self._behind_s = 0.0

    @property
    def behind_s(self) -> float:
        """Seconds by which the machine's clock was found set back when this one was last asked; 0 while it counts."""
        return self._behind_s if self._is_behind else 0.0

    def __call__(self) -> datetime:
        """The present moment in UTC."""
        now, elapsed_at = self._wall(), self._monotonic()
        expected = self._seen + timedelta(seconds=elapsed_at - self._seen_at)
        behind = expected - now
        if behind <= SLACK:
            self._seen, self._seen_at, self._is_behind = now, elapsed_at, False
            return now
        self._behind_s = behind.total_seconds()
        if not self._is_behind:
            self._is_behind = True
            log.error("clock_set_back", by_s=round(self._behind_s, 1), remedy=REMEDY)
        return expected
