"""Waiting for infrastructure that does not answer: bounded, with growing pauses, and never by skipping a frame."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from core.errors import LineError

Answer = TypeVar("Answer")

log = structlog.get_logger("worker")


class StopRequested(Exception):
    """The worker was asked to end while it waited: the batch is abandoned, and the bus still holds its frames."""


def nothing() -> None:
    """Where nobody needs to hear of a pause."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to insist. `rest` waits so many seconds and says whether the worker is to stop.

    `meanwhile` is called before each pause and never raises: the bus must not take a waiting worker for a dead one.
    """

    monotonic: Callable[[], float]
    rest: Callable[[float], bool]
    deadline_s: float
    first_pause_s: float = 0.05
    longest_pause_s: float = 5.0
    meanwhile: Callable[[], object] = nothing

    def insist(self, action: Callable[[], Answer], *unavailable: type[LineError]) -> Answer:
        """The action's answer, tried again while it raises one of these, until the deadline.

        Raises:
            LineError: The last one of these, once the deadline has passed.
            StopRequested: Somebody asked the worker to end meanwhile.
        """
        until = self.monotonic() + self.deadline_s
        pause_s = self.first_pause_s
        while True:
            try:
                return action()
            except unavailable as error:
                if self.monotonic() + pause_s > until:
                    raise
                log.warning("dependency_unavailable", error=str(error), next_try_s=pause_s)
            self.meanwhile()
            if self.rest(pause_s):
                raise StopRequested
            pause_s = min(2 * pause_s, self.longest_pause_s)
