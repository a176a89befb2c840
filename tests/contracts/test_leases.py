"""Leases: one part, one pair of eyes, and nothing that stays."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import func, select

from core.adapters.ledger import PostgresLedger
from core.adapters.schema_leases import review_lease
from core.lease import HELD_FOR, Lease
from core.review import PartKey
from tests.contracts.ledgers import TODAY, Ledger, frame

pytestmark = pytest.mark.server
SOON = TODAY + timedelta(seconds=1)


def parts(*numbers: int) -> list[PartKey]:
    headers = [frame(number, captured_at=TODAY + timedelta(seconds=number)) for number in numbers]
    return [PartKey(header.captured_at, header.id) for header in headers]


def test_what_one_holds_another_does_not_get(ledger: Ledger) -> None:
    """Of what both ask for, the second gets what is left."""
    assert ledger.hold(parts(1, 2), "ada", TODAY) == set(parts(1, 2))
    assert ledger.hold(parts(3, 2), "bob", SOON) == set(parts(3))
    held = [Lease(part, who, at + HELD_FOR) for part, who, at in
            zip(parts(1, 2, 3), ("ada", "ada", "bob"), (TODAY, TODAY, SOON), strict=True)]  # fmt: skip
    assert list(ledger.held(SOON)) == held


def test_one_s_own_lease_is_held_on(ledger: Ledger) -> None:
    """For as long as one looks."""
    ledger.hold(parts(1), "ada", TODAY)
    assert ledger.hold(parts(1, 1), "ada", SOON) == set(parts(1))
    assert list(ledger.held(TODAY + HELD_FOR)) == [Lease(parts(1)[0], "ada", SOON + HELD_FOR)]


def test_a_lease_that_ran_out_is_free(ledger: Ledger) -> None:
    """By itself, at its very end."""
    ledger.hold(parts(1), "ada", TODAY)
    assert ledger.hold(parts(1), "bob", TODAY + HELD_FOR - timedelta(seconds=1)) == frozenset()
    assert list(ledger.held(TODAY + HELD_FOR)) == []
    assert ledger.hold(parts(1), "bob", TODAY + HELD_FOR) == set(parts(1))


def test_nothing_asked_for_is_nothing_held(ledger: Ledger) -> None:
    """An empty queue."""
    assert ledger.hold([], "ada", TODAY) == frozenset()


def test_many_who_ask_at_once_share_without_a_part_held_twice(postgres_ledger: PostgresLedger) -> None:
    """In whatever order they ask, and nobody waits for ever."""
    wanted, turns = parts(*range(30)), count()

    def hold(who: str) -> list[frozenset[PartKey]]:
        ordered = wanted if next(turns) % 2 else wanted[::-1]
        return [postgres_ledger.hold(ordered[start:] + ordered[:start], who, SOON) for start in range(10)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(hold, "abcd"))
    shares = [frozenset().union(*gots) for gots in found]
    assert sum(map(len, shares)) == len(frozenset().union(*shares)) == len(wanted)


def test_rows_that_ran_out_long_ago_go(postgres_ledger: PostgresLedger) -> None:
    """The table is as large as the screens."""
    postgres_ledger.hold(parts(1, 2), "ada", TODAY)
    postgres_ledger.hold(parts(3), "ada", TODAY + 3 * HELD_FOR)
    with postgres_ledger.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(review_lease)) == 1
