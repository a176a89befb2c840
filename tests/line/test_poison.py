"""What no worker should ever be sent, through a real bus, a worker process and Postgres."""

import time
from collections import Counter

import pytest
from sqlalchemy import select

from core.adapters import wiring
from core.adapters.schema import inspection, quarantine
from core.wire import to_record
from line.drill.memory import peak_memory_mb
from line.drill.place import DrillLine
from line.drill.poison import Poison, acceptance_set, frame, giant_png, jpeg, strange_set
from line.drill.poisoned import publish
from tests.line.drills import line_on

pytestmark = [pytest.mark.server, pytest.mark.slow]

ROUNDS = 10
GOOD_PER_ROUND = 11
MEMORY_LIMIT_MB = 500


@pytest.mark.parametrize("bus", ["postgres", "kafka"])
def test_each_poison_is_one_error_row_with_its_reason_and_good_frames_are_judged(bus: str) -> None:
    """Ten of each among good ones; the worker's memory stays far below what one giant would take."""
    giant = giant_png()
    with line_on(bus) as line:
        process = line.stations.start("worker", "worker")
        claim = wiring.open_artifacts(line.settings).put
        poison: list[Poison] = []
        for number in range(ROUNDS):
            poison += acceptance_set(1000 * number, giant, claim) + strange_set(1000 * number + 50)
        publish_good(line)
        expected = publish(line, poison)
        decisions, reasons = wait_for_rows(line, len(expected) + ROUNDS * GOOD_PER_ROUND)
        peak = peak_memory_mb(process.pid)
        print(f"{bus}: {len(expected)} poisoned records, peak memory of the worker {peak:.0f} MB")
        assert reasons == Counter(expected.values())
        assert decisions["ERROR"] == len(expected)
        assert not peak > MEMORY_LIMIT_MB
        assert process.poll() is None, "the worker still runs"
        assert quarantined(line) == len(expected) - ROUNDS, "all but the announced drops"


def publish_good(line: DrillLine) -> None:
    publisher = wiring.open_publisher(line.settings)
    frames = [frame(100_000 + number, jpeg()) for number in range(ROUNDS * GOOD_PER_ROUND)]
    for waiting in [publisher.publish(to_record(one)) for one in frames]:
        waiting.result(60)
    publisher.close(10)


def wait_for_rows(line: DrillLine, count: int) -> tuple[Counter[str], Counter[str]]:
    """The rows by decision and by reason, once there are so many; the deadline is a minute and a half."""
    until = time.monotonic() + 90
    rows: list[tuple[str, str]] = []
    while len(rows) < count and time.monotonic() < until:
        with line.ledger.engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(select(inspection.c.decision, inspection.c.reason))]
    assert len(rows) == count, line.stations.last_words("worker")
    return Counter(row[0] for row in rows), Counter(row[1] for row in rows if row[1])


def quarantined(line: DrillLine) -> int:
    with line.ledger.engine.connect() as connection:
        return len(connection.execute(select(quarantine.c.id)).all())
