"""The days on which rows can be filed: opened ahead at start and every hour, read again when a row found none."""

from collections.abc import Callable

import structlog

from core.errors import LedgerUnavailable
from core.inspection import OpenDays

PREPARE_EVERY_S = 3600.0

log = structlog.get_logger("worker")


class Days:
    """What is open, as last seen. `prepare` opens what is missing, where the ledger can, and says what is open."""

    def __init__(self, prepare: Callable[[], OpenDays], monotonic: Callable[[], float]) -> None:
        self._prepare = prepare
        self._monotonic = monotonic
        self._next_at = float("-inf")
        self._open: OpenDays | None = None

    def known(self) -> OpenDays:
        """Refreshed once an hour; between two hours, and while Postgres is away, what was last seen.

        Raises:
            LedgerUnavailable: Nothing has been seen yet.
        """
        if self._open is None:
            return self.refresh()
        if self._monotonic() >= self._next_at:
            try:
                return self.refresh()
            except LedgerUnavailable as error:
                log.warning("days_not_opened", error=str(error))
        return self._open

    def refresh(self) -> OpenDays:
        """Open what is missing and look again.

        Raises:
            LedgerUnavailable: Postgres does not answer.
        """
        self._open = self._prepare()
        self._next_at = self._monotonic() + PREPARE_EVERY_S
        return self._open
