"""Whose turn a waiting part is."""

from dataclasses import replace
from datetime import timedelta

from core.access import Person, Role
from core.adapters.in_memory_ledger import MemoryLedger
from core.lease import HELD_FOR
from core.verdict import Decision, Threshold
from dashboard.read_models import Judgement, Part, PartKey
from dashboard.review.turns import AWAY_AFTER, Turn, turn_of
from tests.contracts.ledgers import TODAY

ADA, BOB = (Person(name, frozenset({Role.OPERATOR})) for name in ("ada", "bob"))
GUEST = Person("gus", frozenset())
PART = Part(
    PartKey(TODAY, "line1-top", "0123456789ab", 0), "gear", "P-0", "L-1", Decision.REVIEW,
    Judgement(2.2, Threshold(2, 2.6), 1, "test"), TODAY, TODAY, "",
)  # fmt: skip
QUEUE = [replace(PART, key=replace(PART.key, sequence=number)) for number in range(6)]


def turn(ledger: MemoryLedger, person: Person, seconds: float = 0, acted_ago: timedelta = timedelta(0)) -> Turn:
    now = TODAY + timedelta(seconds=seconds)
    return turn_of(person, QUEUE, 2, now - acted_ago, ledger, now)


def numbers(found: Turn) -> list[int]:
    return [part.key.sequence for part in found.parts]


def test_the_second_reviewer_gets_the_next_parts() -> None:
    """The first keeps theirs, look after look."""
    ledger = MemoryLedger()
    assert numbers(turn(ledger, ADA)) == [0, 1]
    found = turn(ledger, BOB, 1)
    assert (numbers(found), found.free, found.others) == ([2, 3], 4, 2)
    assert numbers(turn(ledger, ADA, 2)) == [0, 1]


def test_what_is_left_lying_comes_back() -> None:
    """A minute after whoever had it was seen last."""
    ledger = MemoryLedger()
    turn(ledger, ADA)
    assert numbers(turn(ledger, BOB, HELD_FOR.total_seconds())) == [0, 1]


def test_a_page_that_nobody_works_at_keeps_nothing_from_others() -> None:
    """It shows the queue all the same."""
    ledger = MemoryLedger()
    assert numbers(turn(ledger, ADA, acted_ago=AWAY_AFTER)) == [0, 1]
    assert numbers(turn(ledger, BOB)) == [0, 1]


def test_whoever_may_not_review_keeps_nothing_from_others() -> None:
    """They may look."""
    ledger = MemoryLedger()
    assert numbers(turn(ledger, GUEST)) == [0, 1]
    assert ledger.held(TODAY) == []
