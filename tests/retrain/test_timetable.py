"""The timetable: one night per product, as its recipe says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.adapters.in_memory_ledger import MemoryLedger
from core.inspection import KeptGood
from core.product import ActiveModel, BundleRef, ModelVersion, Product, Recipe
from core.verdict import Threshold
from retrain.night import outlook
from retrain.timetable import NightlyJob, Timetable, nightly_jobs


def product(name: str, **recipe: str) -> Product:
    return Product(name, Recipe(**recipe))  # type: ignore[arg-type]


@pytest.fixture
def timetable() -> Iterator[Timetable]:
    table = Timetable(lambda product: None)
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
