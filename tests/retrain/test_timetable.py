"""The timetable: one night per product, as its recipe says."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

import pytest

from core.adapters.in_memory_ledger import MemoryLedger
from core.errors import LedgerUnavailable
from core.inspection import KeptGood
from core.product import ActiveModel, BundleRef, ModelVersion, Product, Recipe
from core.verdict import Threshold
from retrain.night import outlook
from retrain.timetable import MISFIRE_GRACE_S, NightlyJob, Timetable, due_times, night_of, nightly_jobs


def product(name: str, **recipe: str) -> Product:
    return Product(name, Recipe(**recipe))  # type: ignore[arg-type]


@pytest.fixture
def timetable() -> Iterator[Timetable]:
    table = Timetable(lambda product, slot: None, MemoryLedger(), lambda: datetime.now(UTC), "test")
    table.start()
    yield table
    table.stop()


def test_every_product_has_one_night_in_its_own_time_zone() -> None:
    berlin = product("disc", retrain_cron="30 3 * * *", retrain_time_zone="Europe/Berlin")
    assert nightly_jobs([berlin]) == {NightlyJob("disc", "30 3 * * *", "Europe/Berlin")}


def test_the_next_night_is_at_the_products_local_hour(timetable: Timetable) -> None:
    timetable.follow([product("disc", retrain_time_zone="Europe/Berlin")])
    local = timetable.next_runs()["disc"].astimezone(ZoneInfo("Europe/Berlin"))
    assert (local.hour, local.minute) == (3, 30)
    assert timedelta(0) < local - datetime.now(UTC) <= timedelta(hours=25)


def test_products_come_change_and_go_without_a_restart(timetable: Timetable) -> None:
    timetable.follow([product("disc"), product("plate")])
    timetable.follow([product("plate", retrain_cron="0 5 * * *"), product("ring")])
    runs = timetable.next_runs()
    assert sorted(runs) == ["plate", "ring"]
    assert runs["plate"].hour == 5


@pytest.mark.parametrize("recipe", [{"retrain_cron": "every night"}, {"retrain_time_zone": "Mars/Olympus"}])
def test_a_timetable_nobody_can_read_is_said_and_the_others_run(timetable: Timetable, recipe: dict[str, str]) -> None:
    refused = timetable.follow([product("disc", **recipe), product("plate")])
    assert len(refused) == 1
    assert refused[0].startswith("disc: ")
    assert sorted(timetable.next_runs()) == ["plate"]


def test_the_outlook_counts_from_the_active_model_on() -> None:
    made_at = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
    model = ModelVersion(7, "disc", BundleRef("memory:x", "0" * 64), made_at)
    said = outlook(ActiveModel(model, 1, Threshold(1, 2), Recipe()), MemoryLedger())
    assert said.good == KeptGood(kept=0, judged_ok=0)
    assert said.sentence() == "disc: 0 kept of 0 good parts since model 7 of 2026-11-24 03:30 UTC"


BERLIN = NightlyJob("disc", "30 2 * * *", "Europe/Berlin")
SET_BACK = date(2026, 10, 25)
"""02:30 exists twice."""
SET_FORWARD = date(2026, 3, 29)
"""02:30 does not exist."""


def due_on(day: date) -> list[datetime]:
    noon_before = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(days=1)
    return list(due_times(BERLIN, noon_before, noon_before + timedelta(days=1)))


@pytest.mark.parametrize(("day", "times"), [(SET_BACK, 2), (SET_FORWARD, 1), (date(2026, 6, 1), 1)])
def test_four_timetables_run_each_night_once_also_when_clocks_are_changed(day: date, times: int) -> None:
    """On the day the clocks are set back every one of them comes due twice."""
    slots, ran = MemoryLedger(), list[str]()
    due = due_on(day)
    assert len(due) == times
    for moment in due:
        for replica in range(4):
            Timetable(
                lambda product, _: ran.append(product), slots, lambda moment=moment: moment, f"replica {replica}"
            ).come_due(BERLIN)
    assert ran == ["disc"]
    assert slots.nights == {("disc", str(day)): ("done", 1)}


def test_a_year_has_as_many_nights_as_days() -> None:
    """Though one of them comes due twice."""
    year = list(due_times(BERLIN, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, 12, tzinfo=UTC)))
    assert len(year) == 366
    assert len({night_of(BERLIN, moment) for moment in year}) == 365


def test_a_late_start_belongs_to_the_night_it_is_late_for() -> None:
    """Due half an hour before midnight, begun after it."""
    late = NightlyJob("disc", "30 23 * * *", "UTC")
    due = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert night_of(late, due) == due.date()
    assert night_of(late, due + timedelta(seconds=MISFIRE_GRACE_S)) == due.date()


def test_a_night_that_still_runs_keeps_the_next_one_from_starting() -> None:
    slots, ran = MemoryLedger(), list[str]()
    tomorrow = datetime(2026, 6, 2, 3, tzinfo=UTC)
    with slots.claim("disc", "2026-06-01", tomorrow - timedelta(days=1), "other") as ours:
        Timetable(lambda product, _: ran.append(product), slots, lambda: tomorrow, "test").come_due(BERLIN)
    assert ours
    assert ran == []


def test_a_night_that_nobody_can_claim_is_not_run() -> None:
    """Postgres is away: whose night it is cannot be known."""

    class Away(MemoryLedger):
        def claim(self, *_: object) -> NoReturn:  # type: ignore[override]
            raise LedgerUnavailable("away")

    ran = list[str]()
    Timetable(
        lambda product, _: ran.append(product), Away(), lambda: datetime(2026, 6, 1, tzinfo=UTC), "test"
    ).come_due(BERLIN)
    assert ran == []
