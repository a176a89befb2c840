"""What is asked of the outside world about parts that several cameras see."""

from datetime import datetime
from typing import Protocol

from core.part import DecidedPart, Part


class PartDecisions(Protocol):
    """Parts of several views. Their views are recorded by InspectionLedger.record, with the frames themselves."""

    def close_overdue(self, now: datetime) -> list[DecidedPart]:
        """Decide the parts whose missing views nobody waits for any more, and tell the plant; each once.

        Any number may do it at once: a part that somebody else has in hand is left to them.

        Raises:
            LedgerUnavailable: Postgres does not answer; trying again is safe.
        """
        ...

    def parts(self, product: str, limit: int) -> list[Part]:
        """The newest of a product, the one first seen last first."""
        ...

    def forget_parts(self, before: datetime) -> int:
        """Delete the decided parts that were first seen before then, as their frames' rows are; how many it were.

        Raises:
            LedgerUnavailable: Postgres does not answer; some may be gone, trying again is safe.
        """
        ...
