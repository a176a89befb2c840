"""What a worker follows in Postgres: read before the first frame, looked at again every few seconds."""

from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

from core.errors import LedgerUnavailable

Known = TypeVar("Known")

log = structlog.get_logger("worker")


class Followed(Generic[Known]):
    """The newest answer; `value` is only there after `first_look`. `name` says in the log what was not read."""

    value: Known

    def __init__(self, read: Callable[[], Known], monotonic: Callable[[], float], poll_s: float, name: str) -> None:
        self._read = read
        self._monotonic = monotonic
        self._poll_s = poll_s
        self._name = name
        self._looked_at = float("-inf")

    def first_look(self) -> None:
        """Read it before any frame is judged: "not read yet" must never look like "nothing there".

        Raises:
            LedgerUnavailable: Postgres does not answer.
        """
        self.value = self._read()
        self._looked_at = self._monotonic()

    def refresh(self) -> None:
        """Look again every few seconds; while Postgres is away, what was last seen goes on."""
        if self._monotonic() - self._looked_at < self._poll_s:
            return
        try:
            self.first_look()
        except LedgerUnavailable as error:
            self._looked_at = self._monotonic()
            log.warning(f"{self._name}_not_read", error=str(error))
