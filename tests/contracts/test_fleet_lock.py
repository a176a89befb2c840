"""What every FleetLock promises: one body for the twin and for Postgres, and what only Postgres has to prove."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
from sqlalchemy import Engine, text

from core.adapters.database import open_engine
from core.adapters.fleet_lock import PostgresFleetLock
from core.adapters.in_memory_cameras import MemoryFleetLock
from core.camera_ports import FleetLock
from core.errors import LedgerUnavailable
from tests import servers

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[2]


@pytest.fixture
def engine() -> Iterator[Engine]:
    opened = open_engine(servers.postgres())
    yield opened
    opened.dispose()


@pytest.fixture(params=["twin", "postgres"])
def another(request: pytest.FixtureRequest) -> Iterator[Callable[[], FleetLock]]:
    """Gives one more lock of the same database each time."""
    if request.param == "twin":
        holders: list[MemoryFleetLock] = []
        yield lambda: MemoryFleetLock(holders)
        return
    engine = request.getfixturevalue("engine")
    opened: list[PostgresFleetLock] = []

    def one_more() -> FleetLock:
        opened.append(PostgresFleetLock(engine))
        return opened[-1]

    yield one_more
    for lock in opened:
        lock.release()


def test_of_two_fleets_one_has_it_until_it_lets_go(another: Callable[[], FleetLock]) -> None:
    """However often both ask."""
    first, second = another(), another()
    assert [first.take(), second.take(), first.take(), second.take()] == [True, False, True, False]
    second.release()
    assert [first.take(), second.take()] == [True, False], "who has nothing lets go of nothing"
    first.release()
    assert [second.take(), first.take()] == [True, False]


def test_a_fleet_whose_session_was_cut_says_so_and_asks_again(engine: Engine) -> None:
    """Meanwhile another may have got it."""
    first, second = PostgresFleetLock(engine), PostgresFleetLock(engine)
    assert first.take()
    with engine.connect() as connection:
        connection.execute(
            text("select pg_terminate_backend(pid, 10000) from pg_locks where locktype = 'advisory' and granted")
        )
    with pytest.raises(LedgerUnavailable):
        first.take()
    assert second.take()
    assert not first.take()
    second.release()
    assert first.take()
    first.release()


def test_a_fleet_that_waits_leaves_no_transaction_open(engine: Engine) -> None:
    """One that idles in a transaction is cut off after half a minute."""
    lock = PostgresFleetLock(engine)
    lock.take()
    with engine.connect() as connection:
        states = connection.scalars(
            text("select state from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
        )
        assert "idle in transaction" not in set(states)
    lock.release()


HOLDER = """
import sys
from core.adapters.database import open_engine
from core.adapters.fleet_lock import PostgresFleetLock
lock = PostgresFleetLock(open_engine(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read()
"""


def test_the_lock_of_a_killed_fleet_goes_to_another(engine: Engine) -> None:
    """kill -9: no code of the holder's runs any more."""
    url = engine.url.render_as_string(hide_password=False)
    lock = PostgresFleetLock(engine)
    command = [sys.executable, "-c", HOLDER, url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert not lock.take()
        holder.kill()
    give_up_at = monotonic() + 30
    while not (ours := lock.take()) and monotonic() < give_up_at:
        Event().wait(0.1)
    assert ours
    lock.release()
