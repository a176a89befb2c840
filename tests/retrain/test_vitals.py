"""What the timetable tells of its health."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from core.adapters.in_memory_ledger import MemoryLedger
from core.errors import LedgerUnavailable
from core.health import Pulse
from core.product import Product, Recipe
from retrain.following import Follower
from retrain.timetable import Timetable
from retrain.vitals import reasons_to_restart, reasons_to_wait, timetable_metrics


class Away:
    """A ledger that does not answer."""

    def products(self) -> list[Product]:
        raise LedgerUnavailable("test")


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def follower(now: list[float]) -> Iterator[Follower]:
    ledger = MemoryLedger()
    ledger.recipes = {"nut": Product("nut", Recipe()), "bolt": Product("bolt", Recipe(retrain_cron="never"))}
    timetable = Timetable(lambda product, slot: None, ledger, lambda: datetime.now(UTC), "test")
    timetable.start()
    yield Follower(timetable, ledger, Counter(nut=2), Pulse(lambda: now[0]))
    timetable.stop()


def test_nights_and_products_are_measured(follower: Follower) -> None:
    """How many there were, when the next comes, and which product has none."""
    follower.follow()
    found = {each.name: each.values for each in timetable_metrics(follower.state())}
    assert found["line_nights_begun_total"] == {("nut",): 2}
    assert 0 < found["line_night_in_seconds"]["nut",] <= 86400  # type: ignore[operator]
    assert found["line_products_timed"] == {(): 1}
    assert found["line_products_refused"] == {(): 1}


def test_a_timetable_is_ready_once_it_has_read_the_products(follower: Follower) -> None:
    """A crontab that is none is told with its product."""
    assert reasons_to_wait(follower.state()) == ["the products have not been read yet"]
    follower.follow()
    (reason,) = reasons_to_wait(follower.state())
    assert reason.startswith("bolt: 'never'")


def test_while_postgres_is_away_the_nights_come_as_last_read(follower: Follower) -> None:
    """The timetable is not ready, and still has its jobs."""
    follower.follow()
    follower.ledger = Away()
    follower.follow()
    assert reasons_to_wait(follower.state())[0].startswith("Postgres does not answer")
    assert set(follower.state().next_runs) == {"nut"}


def test_a_loop_that_no_longer_looks_asks_for_a_restart(follower: Follower, now: list[float]) -> None:
    """Not because Postgres is slow."""
    follower.follow()
    now[0] = 100.0
    assert reasons_to_restart(follower.state(), 10) == []
    now[0] = 121.0
    assert "has not gone round" in reasons_to_restart(follower.state(), 10)[0]
