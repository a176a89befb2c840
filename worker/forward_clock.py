"""A clock that never goes back while the worker runs: a verdict may look later than it is, but never earlier."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from core.ports import Clock

SLACK = timedelta(seconds=1)
"""What a time server takes back in small steps is no jump."""

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

    def __call__(self) -> datetime:
        """The present moment in UTC."""
        now, elapsed_at = self._wall(), self._monotonic()
        expected = self._seen + timedelta(seconds=elapsed_at - self._seen_at)
        behind = expected - now
        if behind <= SLACK:
            self._seen, self._seen_at, self._is_behind = now, elapsed_at, False
            return now
        if not self._is_behind:
            self._is_behind = True
            log.error(
                "clock_set_back",
                by_s=round(behind.total_seconds(), 1),
                remedy="restart this worker once the machine's clock is right",
            )
        return expected
