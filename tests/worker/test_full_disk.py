"""No room left, in the store or in Postgres: the worker waits with what it holds, then ends; with room it drains."""

from collections.abc import Callable

import pytest

from core.errors import ArtifactsFull, LedgerFull, LineError
from core.verdict import Decision
from tests.worker.in_memory_line import Line, frame, png
from tests.worker.test_order_of_effects import Cable
from worker.loop import Bench

FRAMES = 10


def defects(line: Line) -> None:
    line.promote()
    line.publish(*(frame(number, content=png(250)) for number in range(FRAMES)))


def full_store(line: Line, tries: int) -> Bench:
    return line.bench(artifacts=Cable(line.artifacts, fail={"put": [ArtifactsFull("28") for _ in range(tries)]}))


def full_ledger(line: Line, tries: int) -> Bench:
    return line.bench(ledger=Cable(line.ledger, fail={"record": [LedgerFull("53100") for _ in range(tries)]}))


FULL = pytest.mark.parametrize(
    ("full", "error"), [(full_store, ArtifactsFull), (full_ledger, LedgerFull)], ids=["store", "postgres"]
)


@FULL
def test_a_worker_without_room_ends_with_a_remedy_and_records_nothing(
    full: Callable[[Line, int], Bench], error: type[LineError]
) -> None:
    """Its supervisor sees why; no frame became OK, or anything else, for want of room."""
    line = Line()
    defects(line)
    with pytest.raises(error, match="python -m core retain"):
        line.work(full(line, 1000))
    assert line.ledger.results == {}
    assert line.bus.waiting() == FRAMES
    assert line.ledger.hands == {}


@FULL
def test_the_next_worker_drains_once_there_is_room(full: Callable[[Line, int], Bench], error: type[LineError]) -> None:
    """Every frame once, with its picture."""
    line = Line()
    defects(line)
    with pytest.raises(error):
        line.work(full(line, 1000))
    line.bus.owners.clear()  # the worker's process has ended
    line.work()
    assert [result.decision for result in line.ledger.results.values()] == [Decision.NG] * FRAMES
    assert all(line.artifacts.get(result.evidence.frame_uri) for result in line.ledger.results.values())


@FULL
def test_a_worker_that_gets_room_in_time_goes_on(full: Callable[[Line, int], Bench], error: type[LineError]) -> None:
    """It holds its partitions meanwhile; nothing is judged twice."""
    line = Line()
    defects(line)
    line.work(full(line, 3))
    assert len(line.ledger.results) == FRAMES
    assert line.counts.frames == FRAMES
    assert issubclass(error, LineError)
