"""NightSlots: one night per product and date, whoever asks."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Event
from time import monotonic

import pytest
from sqlalchemy import text

from core.adapters.ledger import PostgresLedger
from core.errors import NightInterrupted
from core.ports import SLOT_TRIES
from tests.contracts.ledgers import TODAY, Ledger

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[2]
NIGHT, NEXT = "2026-10-25", "2026-10-26"


def claimed(ledger: Ledger, product: str = "disc", night: str = NIGHT) -> bool:
    with ledger.claim(product, night, TODAY, "test") as ours:
        return ours


def given_up(ledger: Ledger, night: str = NIGHT) -> bool:
    """Whether the night was claimed by somebody who is then told to stop."""
    claims = []
    with suppress(NightInterrupted), ledger.claim("disc", night, TODAY, "stopped") as ours:
        claims.append(ours)
        raise NightInterrupted
    return claims == [True]


def test_a_night_is_claimed_once(ledger: Ledger) -> None:
    """Also after the one who claimed it has finished."""
    assert [claimed(ledger) for _ in range(3)] == [True, False, False]


def test_every_product_and_every_date_is_a_night_of_its_own(ledger: Ledger) -> None:
    """So that one product's night takes no other's place."""
    assert claimed(ledger)
    assert claimed(ledger, product="plate")
    assert claimed(ledger, night=NEXT)


def test_while_a_night_runs_no_other_night_of_its_product_begins_and_none_is_used_up(ledger: Ledger) -> None:
    """The next one can still be claimed once the long one is over."""
    with ledger.claim("disc", NIGHT, TODAY, "slow") as ours:
        assert ours
        assert not claimed(ledger, night=NEXT)
        assert claimed(ledger, product="plate", night=NEXT)
    assert claimed(ledger, night=NEXT)


def test_a_night_that_fails_stays_claimed_and_lets_the_next_one_begin(ledger: Ledger) -> None:
    """A night that always fails must not be tried all day."""
    with pytest.raises(ValueError, match="no good parts"), ledger.claim("disc", NIGHT, TODAY, "unlucky"):
        raise ValueError("no good parts")
    assert not claimed(ledger)
    assert claimed(ledger, night=NEXT)


def test_a_night_whose_holder_gave_up_is_taken_over_a_few_times(ledger: Ledger) -> None:
    """Told to stop in the middle, it left the night to others; one that always ends so is left alone at last."""
    for number in range(SLOT_TRIES):
        assert ledger.unfinished(TODAY) == ([("disc", NIGHT)] if number else [])
        assert given_up(ledger)
    assert ledger.unfinished(TODAY) == []
    assert not claimed(ledger)


def test_only_a_slot_that_nobody_runs_is_given_up(ledger: Ledger) -> None:
    """Then it has failed, and is claimed by nobody."""
    with ledger.claim("disc", NIGHT, TODAY, "busy"), ledger.claim("plate", NIGHT, TODAY, "busy"):
        assert not ledger.give_up("disc", NIGHT)
    assert given_up(ledger, NEXT)
    assert ledger.give_up("disc", NEXT)
    assert ledger.unfinished(TODAY) == []
    assert not claimed(ledger, night=NEXT)


def test_only_what_was_not_ended_is_unfinished(ledger: Ledger) -> None:
    """Neither what is done nor what failed."""
    assert claimed(ledger)
    with pytest.raises(ValueError, match="no"), ledger.claim("disc", NEXT, TODAY, "unlucky"):
        raise ValueError("no")
    with ledger.claim("plate", NIGHT, TODAY, "busy"):
        assert ledger.unfinished(TODAY) == [("plate", NIGHT)]
        assert ledger.unfinished(TODAY + timedelta(seconds=1)) == []
    assert ledger.unfinished(TODAY) == []


def test_of_many_who_claim_at_once_one_gets_it(ledger: Ledger) -> None:
    """All hold on until everybody has asked, so that they really meet."""
    together = Barrier(4)

    def one(_: int) -> bool:
        together.wait(10)
        with ExitStack() as stack:
            ours = stack.enter_context(ledger.claim("disc", NIGHT, TODAY, "test"))
            together.wait(10)
            return ours

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(4))) == 1


HOLDER = """
import sys
from core.adapters.ledger_nights import PostgresNights
from core.adapters.database import open_engine
from datetime import datetime, UTC
with PostgresNights(open_engine(sys.argv[1])).claim("disc", sys.argv[2], datetime.now(UTC), "holder") as ours:
    print(ours, flush=True)
    sys.stdin.read()
"""


def test_a_night_whose_holder_was_killed_goes_to_another_replica(postgres_ledger: PostgresLedger) -> None:
    """kill -9: no code of the holder's runs any more, and its lock goes with its connection."""
    url = postgres_ledger.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", HOLDER, url, NIGHT]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert not claimed(postgres_ledger)
        holder.kill()
    give_up_at = monotonic() + 30
    while not (ours := claimed(postgres_ledger)) and monotonic() < give_up_at:
        Event().wait(0.1)
    assert ours
    assert not claimed(postgres_ledger)


def test_a_night_that_is_over_frees_its_product_at_once(ledger: Ledger) -> None:
    """Not once the server has noticed: a slot that comes due right behind it would be refused and lost."""
    assert all(claimed(ledger, night=f"asked {number}") for number in range(150))


def test_who_lost_the_lock_does_not_end_the_slot_of_who_has_it_now(postgres_ledger: PostgresLedger) -> None:
    """Postgres was started again, say: the slot goes on, and is taken over should its new holder be killed."""
    ended = text("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objsubid = 2")
    with suppress(NightInterrupted), postgres_ledger.claim("disc", NIGHT, TODAY, "first"):
        with postgres_ledger.engine.begin() as connection:
            connection.execute(ended)
        assert until_claimed(postgres_ledger)
    assert postgres_ledger.unfinished(TODAY) == [("disc", NIGHT)]


def until_claimed(ledger: Ledger) -> bool:
    """By a second one, which then is told to stop."""
    give_up_at = monotonic() + 30
    while not (ours := given_up(ledger)) and monotonic() < give_up_at:
        Event().wait(0.1)
    return ours
