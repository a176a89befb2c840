"""Whose turn a waiting part is: of those that nobody else has before them, the next ones are kept for this reviewer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.access import Person, Role
from core.lease import Lease, Leases
from core.review_service import hold_parts
from dashboard.read_models import Part
from dashboard.review.bookings import frame_key

AWAY_AFTER = timedelta(minutes=5)
"""Whoever has not judged for so long is not there: nothing more is kept for them, though their page stays open."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The next parts, how many wait that nobody else has, and how many others have before them."""

    parts: Sequence[Part]
    free: int
    others: int


def turn_of(
    person: Person, queue: Sequence[Part], ahead: int, acted_at: datetime, leases: Leases, now: datetime
) -> Turn:
    """The person's turn; whoever may not review, or is away, sees the queue and keeps nothing of it from others.

    Raises:
        LedgerUnavailable: Postgres does not answer.
    """
    free = free_for(person.name, queue, leases.held(now))
    others = len(queue) - len(free)
    parts = free[:ahead]
    if Role.OPERATOR in person.roles and now - acted_at < AWAY_AFTER:
        got = hold_parts(person, [frame_key(part.key) for part in parts], leases, now)
        parts = [part for part in parts if frame_key(part.key) in got]
    return Turn(parts, len(free), others)


def free_for(who: str, queue: Sequence[Part], held: Sequence[Lease]) -> list[Part]:
    """Those that nobody else holds, in the queue's order."""
    taken = {lease.part for lease in held if lease.who != who}
    return [part for part in queue if frame_key(part.key) not in taken]
