"""What a person may do with a part: say what it is, and take that back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from core.access import Person, Role, require
from core.lease import Leases
from core.review import Judgement, Opinion, PartKey, Review
from core.review_ports import ReviewDesk

WITHDRAWN = Opinion(Judgement.WITHDRAWN)


def judge_part(
    person: Person, part: PartKey, opinion: Opinion, expected: int, desk: ReviewDesk, at: datetime
) -> Review:
    """Append what an operator says of a part; `expected` is the id of the review they saw, 0 for none.

    In the same transaction the golden set is kept: a confirmed defect is in it with its mask, a confirmed false reject
    where its hash says so, and nothing stays that only a withdrawn review had put there. The audit keeps both.

    Raises:
        AccessDenied: Not an operator.
        ReviewConflict: Somebody else has said something meanwhile; nothing was written.
        UnknownPart: There is no such inspection.
    """
    require(person, Role.OPERATOR)
    return desk.settle(part, opinion, expected, at, person.name)


def take_back(person: Person, undone: Review, expected: int, desk: ReviewDesk, at: datetime) -> Review:
    """Undo this review: what stood before it stands again; raises as `judge_part` does.

    `expected` is the id of the review that stands now: the undone one itself, or the one by which a later was undone.
    """
    earlier = [each for each in desk.reviews_of(undone.part) if each.id < undone.id]
    before = replace(earlier[0].opinion, note="as before, by undo") if earlier else WITHDRAWN
    return judge_part(person, undone.part, before, expected, desk, at)


def hold_parts(person: Person, parts: Sequence[PartKey], leases: Leases, at: datetime) -> frozenset[PartKey]:
    """Keep those parts for an operator that nobody else has before them; which ones they are.

    Nothing is changed by it and nobody is kept from judging, so the audit has no row of it.

    Raises:
        AccessDenied: Not an operator.
    """
    require(person, Role.OPERATOR)
    return leases.hold(parts, person.name, at)
