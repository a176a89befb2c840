"""Once a day the old is removed: by whoever runs and may, for a second removal finds nothing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from threading import Event, Thread

import structlog

from core.errors import LineError, NotTheOwner
from core.ports import Clock
from core.retention import Expired

LOOK_S = 60.0

log = structlog.get_logger("core")


class Tidying:
    """Removes once per UTC date, from this hour on (-1: never); what fails is tried again at the next look."""

    def __init__(self, remove: Callable[[], Sequence[Expired]], clock: Clock, from_hour: int) -> None:
        self._remove = remove
        self._clock = clock
        self._from_hour = from_hour
        self._done_on: date | None = None

    @contextmanager
    def beside(self, stop: Event) -> Iterator[None]:
        """In a thread of its own, until the block ends or `stop` is set."""
        thread = Thread(target=self.run_until, args=(stop,), name="tidying", daemon=True)
        thread.start()
        yield

    def look(self) -> None:
        """Remove, if it is due. Never raises: what keeps it from removing is in the log, and nothing depends on it."""
        now = self._clock()
        if self._from_hour < 0 or now.hour < self._from_hour or self._done_on == now.date():
            return
        try:
            removed = {each.what: each.count for each in self._remove() if each.count}
        except NotTheOwner as error:
            log.info("tidying_left_to_the_owner", reason=str(error))
        except LineError as error:
            log.warning("not_tidied", error=str(error), next_try_s=LOOK_S)
            return
        else:
            log.info("tidied", removed=removed)
        self._done_on = now.date()

    def run_until(self, stop: Event) -> None:
        """Look every minute until `stop` is set."""
        while not stop.wait(LOOK_S):
            self.look()
