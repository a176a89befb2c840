"""Counts beside the verdicts: the same from the twin and from Postgres."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Protocol

import pytest
from sqlalchemy import text

from core.adapters.ledger import PostgresLedger
from core.adapters.migrate import downgrade, upgrade
from core.ports import InspectionLedger
from core.rollup import Grain, LotCount, LotKey, Rollups, rolled_up
from core.verdict import Decision
from tests.contracts.ledgers import TODAY, batch, failed, frame, inspected, late

DAY = timedelta(days=1)


class Ledger(InspectionLedger, Rollups, Protocol):
    """What these tests ask for."""


def found(ledger: Ledger, grain: Grain = Grain.HOUR, product: str = "ballscrew") -> dict[object, int]:
    return dict(ledger.rollups(grain, product, TODAY - DAY, TODAY + DAY))


def test_what_is_recorded_is_counted_in_the_same_transaction(ledger: Ledger) -> None:
    """By grain, and only for its product."""
    results = [inspected(frame(0)), inspected(frame(1), Decision.NG), failed(frame(2)), late(frame(3))]
    ledger.record(batch(*results))
    for grain in Grain:
        expected = {key: count for key, count in rolled_up(results).items() if key.grain is grain}
        assert found(ledger, grain) == expected
    assert found(ledger, product="cookie") == {}


def test_a_frame_that_comes_again_is_not_counted_again(ledger: Ledger) -> None:
    """Counts follow the rows."""
    ledger.record(batch(inspected(frame(0))))
    ledger.record(batch(inspected(frame(0)), inspected(frame(1)), first=1))
    assert sum(found(ledger).values()) == 2


def test_a_lot_knows_its_first_and_its_last_part(ledger: Ledger) -> None:
    """By camera, decision and model; lots that ended before are left out as a whole."""
    later = TODAY + timedelta(minutes=5)
    ledger.record(batch(inspected(frame(0)), inspected(frame(1), Decision.NG), failed(frame(2))))
    ledger.record(batch(inspected(frame(3, captured_at=later)), first=3))
    lots = ledger.lots("ballscrew", TODAY)
    assert lots[LotKey("ballscrew", "lot 7", "line1-top", Decision.OK, 1)] == LotCount(2, TODAY, later)
    assert {key.decision for key in lots} == {Decision.OK, Decision.NG, Decision.ERROR}
    assert len(ledger.lots("ballscrew", later)) == 3
    assert ledger.lots("ballscrew", later + DAY) == ledger.lots("cookie", TODAY) == {}


def test_a_span_is_asked_for_from_its_first_moment_to_before_its_last(ledger: Ledger) -> None:
    """So that neighbouring questions never count twice."""
    ledger.record(batch(inspected(frame(0))))
    begin = Grain.HOUR.begin_of(TODAY)
    assert sum(ledger.rollups(Grain.HOUR, "ballscrew", begin, begin + DAY).values()) == 1
    assert ledger.rollups(Grain.HOUR, "ballscrew", begin - DAY, begin) == {}


@pytest.mark.server
def test_workers_that_share_a_product_and_a_camera_never_wait_in_a_ring(postgres_ledger: PostgresLedger) -> None:
    """They take the counts in one order; a deadlock would end one of them with an error."""

    def work(partition: int) -> None:
        for number in range(30):
            places = range(10 * number, 10 * number + 10)
            cameras = [f"cam{(place + partition) % 3}" for place in places]
            frames = [
                frame(100 * partition + place, camera, f"{partition:012x}")
                for place, camera in zip(places, cameras, strict=True)
            ]
            results = [inspected(each, list(Decision)[each.id.sequence % 3], partition) for each in frames]
            postgres_ledger.record(batch(*results, first=10 * number, partition=partition))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert sum(found(postgres_ledger).values()) == 4 * 300


@pytest.mark.server
def test_the_migration_counts_what_was_there_before_as_a_worker_would(postgres_ledger: PostgresLedger) -> None:
    """The same bins, spans and keys."""
    results = [inspected(frame(number), list(Decision)[number % 3]) for number in range(9)] + [failed(frame(9))]
    postgres_ledger.record(batch(*results))
    before = {grain: found(postgres_ledger, grain) for grain in Grain}
    lots = postgres_ledger.lots("ballscrew", TODAY)
    downgrade(postgres_ledger.engine, "0007")
    upgrade(postgres_ledger.engine)
    assert postgres_ledger.lots("ballscrew", TODAY) == lots != {}
    assert {grain: found(postgres_ledger, grain) for grain in Grain} == before
    with postgres_ledger.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from rollup")) == sum(map(len, before.values()))
