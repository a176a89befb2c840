"""How often a record was in a worker's hands, so that one that ends its worker is found and set aside.

Before a worker looks at records it notes them as in hand; a commit moves the partition past them, and the note means
nothing any more. A worker that is killed leaves its note behind: whoever comes next finds that these records were in
hand before, takes them one at a time, and sets one aside that was tried three times.
"""

from dataclasses import dataclass, replace
from typing import Protocol

from core.inspection import Progress

TRIES = 3
"""A record that was in hand this often and still has no row is not judged any more: three workers ended with it, the
last two while they had nothing else. Not fewer: somebody may be killed twice with an innocent record."""


@dataclass(frozen=True, slots=True)
class Hand:
    """What is noted of one partition: records from `first` on are in hand, those up to `until` were together.

    `first_tries` counts how often the first one was in hand, this time included; `tries` counts the others.
    """

    first: int
    until: int
    first_tries: int
    tries: int

    def __post_init__(self) -> None:
        if not (0 <= self.first < self.until and self.first_tries >= self.tries >= 1):
            raise ValueError(f"records in hand, each tried at least once, got {self}")


def tries_before(noted: Hand | None, first: int) -> int:
    """How often the record at `first` was in hand before, by what was noted."""
    if noted is None or not noted.first <= first < noted.until:
        return 0
    return noted.first_tries if first == noted.first else noted.tries


def taken_together(progress: Progress) -> Hand:
    """The note for records that were never in hand before."""
    return Hand(progress.first, progress.next, 1, 1)


def taken_alone(noted: Hand | None, progress: Progress) -> Hand:
    """The note for one record, which keeps what is known of those behind it."""
    before = tries_before(noted, progress.first)
    if noted is None or not before:
        return taken_together(progress)
    return replace(noted, first=progress.first, until=max(noted.until, progress.next), first_tries=before + 1)


class Attempts(Protocol):
    """Where what is in hand is noted, so that it outlives the worker."""

    def take(self, progress: tuple[Progress, ...], owner: str) -> bool:
        """Note these records as in the owner's hands, unless a partition's first was in hand before.

        Then nothing is noted and the answer is False: take them one at a time.

        Raises:
            LedgerUnavailable: Nothing was noted; trying again is safe.
        """
        ...

    def take_one(self, progress: Progress, owner: str) -> int:
        """Note this one record as in the owner's hands, and say for which time.

        Raises:
            LedgerUnavailable: It may have been noted; trying again may count it twice.
        """
        ...

    def let_go(self, owner: str) -> None:
        """Forget what this owner has in hand: it ends, or begins again, for a reason that is not in the records.

        Raises:
            LedgerUnavailable: It is still noted.
        """
        ...
