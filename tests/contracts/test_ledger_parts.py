"""What every ledger promises about parts that several cameras see: one body for the twin and for Postgres."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count as count_from
from itertools import permutations
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, func, select

from core.adapters.database import open_engine
from core.adapters.in_memory_ledger import MemoryLedger
from core.adapters.ledger import PostgresLedger
from core.adapters.schema import inspection
from core.adapters.schema_parts import part_decision
from core.errors import Fenced, LedgerUnavailable
from core.frame import FrameHeader, FrameId
from core.inspection import Batch, Inspection, Progress, Result
from core.part import DecidedPart, OpenPart, ViewPlan
from core.verdict import Decision, ErrorReason
from tests.contracts.ledgers import TODAY, TOPIC, Ledger, failed, frame, inspected, late
from tests.core.parts import BACK, PLAN, SIDE, TOP, at

PLANS = {"ballscrew": PLAN}
THREE = {"ballscrew": ViewPlan((TOP, SIDE, BACK), 2.0)}
PARTITIONS = {TOP: 0, SIDE: 1, BACK: 2}


def header(camera: str, part: int = 0, sequence: int | None = None) -> FrameHeader:
    return replace(frame(part if sequence is None else sequence, camera), part_id=f"p{part}")


def seen(
    camera: str, decision: Decision = Decision.OK, part: int = 0, arrived_s: float = 0.0, sequence: int | None = None
) -> Inspection:
    result = inspected(header(camera, part, sequence), decision, PARTITIONS[camera])
    arrival = replace(result.arrival, arrived_at=at(arrived_s))
    return replace(result, arrival=arrival, judged_at=at(arrived_s + 0.1))


def batch(*results: Result, first: int = 0, plans: dict[str, ViewPlan] = PLANS) -> Batch:
    """These results, the next ones of the first one's partition."""
    partition = results[0].arrival.position.partition
    return Batch(results, (Progress(TOPIC, partition, first, first + len(results)),), plans)


def told_parts(ledger: Ledger) -> list[tuple[str, str]]:
    """What the plant is told of parts, in order."""
    messages = [json.loads(message.payload) for message in ledger.pending(1000) if message.camera == "part ballscrew"]
    return [(message["part_id"], message["decision"]) for message in messages]


def only_part(ledger: Ledger) -> DecidedPart:
    (part,) = ledger.parts("ballscrew", 10)
    assert isinstance(part, DecidedPart)
    return part


def test_views_in_two_batches_make_one_part_that_is_told_once(ledger: Ledger) -> None:
    """Its frames are recorded and told as ever, each with the part's id."""
    ledger.record(batch(seen(TOP)))
    (waiting,) = ledger.parts("ballscrew", 10)
    assert isinstance(waiting, OpenPart)
    assert told_parts(ledger) == []
    ledger.record(batch(seen(SIDE, Decision.NG, arrived_s=0.5)))
    part = only_part(ledger)
    assert (part.decision, part.seen.first_seen_at, part.decided_at) == (Decision.NG, at(0), at(0.6))
    assert [(view.camera, view.decision) for view in part.seen.views] == [(SIDE, Decision.NG), (TOP, Decision.OK)]
    assert told_parts(ledger) == [("p0", "NG")]
    assert [json.loads(message.payload)["part_id"] for message in ledger.pending(10)] == ["p0"] * 3


def test_views_in_one_batch_make_parts_too(ledger: Ledger) -> None:
    """Two parts, one of them whole."""
    both = batch(seen(TOP), seen(TOP, part=1))
    ledger.record(replace(both, results=(*both.results, seen(SIDE, part=1))))
    assert told_parts(ledger) == [("p1", "OK")]
    assert [type(part) for part in ledger.parts("ballscrew", 10)] == [DecidedPart, OpenPart]


def test_without_a_plan_every_frame_decides_alone(ledger: Ledger) -> None:
    """That is the default; a product that has none does not wait for another that has."""
    ledger.record(batch(seen(TOP), plans={}))
    ledger.record(batch(seen(SIDE), plans={"nut": PLAN}))
    assert ledger.parts("ballscrew", 10) == []


@pytest.mark.parametrize(
    "wrong",
    [
        failed(header(SIDE), ErrorReason.UNDECODABLE),
        failed(header(SIDE), ErrorReason.DROPPED),
        late(header(SIDE)),
    ],
    ids=["undecodable", "dropped", "late"],
)
def test_a_view_that_could_not_be_judged_makes_the_part_an_error(ledger: Ledger, wrong: Result) -> None:
    """With the frame's own reason."""
    ledger.record(batch(seen(TOP)))
    ledger.record(Batch((wrong,), (Progress(TOPIC, 1, 0, 1),), PLANS))
    part = only_part(ledger)
    assert (part.decision, part.reason) == (Decision.ERROR, str(getattr(wrong, "reason", "")))


def test_a_part_whose_views_do_not_come_is_closed_once_as_an_error(ledger: Ledger) -> None:
    """Not before its time."""
    ledger.record(batch(seen(TOP), seen(TOP, part=1)))
    closes_at = at(0.1) + timedelta(seconds=2.1)
    assert ledger.close_overdue(closes_at - timedelta(microseconds=1)) == []
    closed = ledger.close_overdue(closes_at)
    assert [(part.seen.part_id, part.decision, part.reason) for part in closed] == [
        ("p0", Decision.ERROR, "view missing"),
        ("p1", Decision.ERROR, "view missing"),
    ]
    assert ledger.close_overdue(closes_at) == []
    assert told_parts(ledger) == [("p0", "ERROR"), ("p1", "ERROR")]


def test_a_view_that_comes_after_its_part_was_closed_leaves_it_an_error(ledger: Ledger) -> None:
    """It is recorded with the part, and the plant hears no second time."""
    ledger.record(batch(seen(TOP)))
    ledger.close_overdue(at(60))
    ledger.record(batch(seen(SIDE, arrived_s=3.0)))
    part = only_part(ledger)
    assert (part.decision, part.reason, part.decided_at) == (Decision.ERROR, "view missing", at(60))
    assert [(view.camera, view.decision) for view in part.late] == [(SIDE, Decision.OK)]
    assert "came 3.000 s after the first view and was OK" in part.detail
    assert told_parts(ledger) == [("p0", "ERROR")]


def test_a_better_second_picture_does_not_help(ledger: Ledger) -> None:
    """Neither while the part waits nor afterwards."""
    ledger.record(batch(seen(TOP, Decision.NG), seen(TOP, Decision.OK, sequence=5)))
    ledger.record(batch(seen(SIDE)))
    ledger.record(batch(seen(TOP, Decision.OK, sequence=6), first=2))
    assert only_part(ledger).decision is Decision.NG
    assert told_parts(ledger) == [("p0", "NG")]


def test_a_frame_that_is_sent_again_is_no_second_view(ledger: Ledger) -> None:
    """The row that was there first says what the view was."""
    ledger.record(batch(seen(TOP)))
    ledger.record(batch(seen(TOP, Decision.NG), first=1))
    ledger.record(batch(seen(SIDE)))
    part = only_part(ledger)
    assert (part.decision, [view.frames for view in part.seen.views]) == (Decision.OK, [1, 1])


def test_a_fenced_batch_leaves_no_view(ledger: Ledger) -> None:
    """All or nothing."""
    ledger.record(batch(seen(TOP)))
    ledger.record(batch(seen(SIDE, part=1)))
    with pytest.raises(Fenced):
        ledger.record(batch(seen(SIDE)))
    assert told_parts(ledger) == []
    ledger.record(batch(seen(SIDE), first=1))
    assert told_parts(ledger) == [("p0", "OK")]


@pytest.mark.parametrize("order", list(permutations((TOP, SIDE, BACK))))
def test_the_order_of_recording_does_not_matter(ledger: Ledger, order: Sequence[str]) -> None:
    """Nor when the frames came within the deadline."""
    views = {
        TOP: seen(TOP, Decision.OK),
        SIDE: seen(SIDE, Decision.NG, arrived_s=0.7),
        BACK: seen(BACK, Decision.REVIEW, arrived_s=1.9),
    }
    for camera in order:
        ledger.record(batch(views[camera], plans=THREE))
    part = only_part(ledger)
    assert (part.decision, part.seen.first_seen_at, part.detail) == (Decision.NG, at(0), f"{SIDE}: NG")


def test_parts_come_newest_first_and_only_so_many(ledger: Ledger) -> None:
    """By when their first view came."""
    ledger.record(batch(*(seen(TOP, part=number, arrived_s=number) for number in (2, 0, 1))))
    assert [part.part_id for part in ledger.parts("ballscrew", 2) if isinstance(part, OpenPart)] == ["p2", "p1"]
    assert ledger.parts("nut", 2) == []


def test_old_parts_are_forgotten_once_they_are_decided(ledger: Ledger) -> None:
    """An open one stays until it is closed."""
    ledger.record(batch(seen(TOP), seen(TOP, part=1), seen(TOP, part=2, arrived_s=600.0)))
    ledger.record(batch(seen(SIDE)))
    assert ledger.forget_parts(at(0)) == 0
    assert ledger.forget_parts(at(1)) == 1
    ledger.close_overdue(at(60))
    assert ledger.forget_parts(at(1)) == 1
    ledger.record(batch(seen(SIDE, part=2, arrived_s=600.0), first=1))
    assert [(part.seen.part_id, part.decision) for part in [only_part(ledger)]] == [("p2", Decision.OK)]


def parts_and_rows(ledger: PostgresLedger) -> tuple[int, int, int]:
    with ledger.engine.connect() as connection:
        parts = connection.scalar(select(func.count()).select_from(part_decision)) or 0
        is_open = part_decision.c.decision.is_(None)
        still_open = connection.scalar(select(func.count()).select_from(part_decision).where(is_open)) or 0
        return parts, still_open, connection.scalar(select(func.count()).select_from(inspection)) or 0


def test_two_workers_at_once_make_each_part_once(postgres_ledger: PostgresLedger) -> None:
    """Each records one camera's frames, in opposite order, while a third closes what it can: none is torn in two."""
    count, per_batch, start = 120, 8, Barrier(3)
    opposite = {TOP: list(range(count)), SIDE: list(reversed(range(count)))}

    def work(camera: str) -> None:
        start.wait(30)
        for first in range(0, count, per_batch):
            numbers = opposite[camera][first : first + per_batch]
            postgres_ledger.record(batch(*(seen(camera, part=number) for number in numbers), first=first))

    def sweep() -> int:
        start.wait(30)
        return sum(len(postgres_ledger.close_overdue(TODAY)) for _ in range(50))

    with ThreadPoolExecutor(3) as pool:
        workers = [pool.submit(work, camera) for camera in (TOP, SIDE)]
        assert pool.submit(sweep).result(120) == 0
        for worker in workers:
            worker.result(120)
    assert parts_and_rows(postgres_ledger) == (count, 0, 2 * count)
    told = told_parts(postgres_ledger)
    assert sorted(told) == sorted((f"p{number}", "OK") for number in range(count))


def test_two_sweeps_at_once_tell_of_each_part_once(postgres_ledger: PostgresLedger) -> None:
    """They pass each other by."""
    count, start = 300, Barrier(2)
    postgres_ledger.record(batch(*(seen(TOP, part=number) for number in range(count))))

    def sweep(_: int) -> int:
        start.wait(30)
        return len(postgres_ledger.close_overdue(at(60)))

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(sweep, range(2))) == count
    assert len(set(told_parts(postgres_ledger))) == len(told_parts(postgres_ledger)) == count


def test_a_sweep_waits_for_nobody(postgres_ledger: PostgresLedger) -> None:
    """A part that is in somebody's hands is theirs; it is closed another time."""
    postgres_ledger.record(batch(seen(TOP), seen(TOP, part=1)))
    held = select(part_decision.c.id).where(part_decision.c.part_id == "p0").with_for_update()
    with postgres_ledger.engine.begin() as connection:
        connection.execute(held)
        assert [part.seen.part_id for part in postgres_ledger.close_overdue(at(60))] == ["p1"]
    assert [part.seen.part_id for part in postgres_ledger.close_overdue(at(60))] == ["p0"]


def test_a_connection_that_dies_in_between_leaves_no_view_and_the_next_try_makes_the_part(
    postgres_ledger: PostgresLedger,
) -> None:
    """The frame, its view, the offsets and what the plant is told stand or fall together."""
    postgres_ledger.record(batch(seen(TOP)))

    other = open_engine(postgres_ledger.engine.url.render_as_string(hide_password=False))

    def die(connection: Connection) -> None:
        victim = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
        with other.connect() as killer:
            assert killer.scalar(select(func.pg_terminate_backend(victim, 10_000)))

    event.listen(postgres_ledger.engine, "commit", die)
    with pytest.raises(LedgerUnavailable):
        postgres_ledger.record(batch(seen(SIDE)))
    event.remove(postgres_ledger.engine, "commit", die)
    other.dispose()
    assert parts_and_rows(postgres_ledger) == (1, 1, 1)
    assert postgres_ledger.next_offsets(TOPIC) == {0: 1}
    postgres_ledger.record(batch(seen(SIDE)))
    assert parts_and_rows(postgres_ledger) == (1, 0, 2)
    assert told_parts(postgres_ledger) == [("p0", "OK")]


part_histories = st.lists(
    st.tuples(st.sampled_from((TOP, SIDE, BACK)), st.sampled_from(list(Decision)[:3]), st.integers(0, 3)),
    min_size=1,
    max_size=8,
)


EXAMPLES = count_from(1)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(part_histories)
def test_postgres_and_the_twin_say_the_same(
    postgres_ledger: PostgresLedger, history: list[tuple[str, Decision, int]]
) -> None:
    """Of any history, frame by frame: the same parts, with the same views."""
    number = next(EXAMPLES)
    product, start_id = f"nut-{number}", f"{number:012x}"
    offsets = postgres_ledger.next_offsets(TOPIC)
    twin = MemoryLedger(offsets={(TOPIC, partition): offset for partition, offset in offsets.items()})
    for sequence, (camera, decision, arrived_s) in enumerate(history):
        result = seen(camera, decision, arrived_s=arrived_s)
        named = replace(result.frame, product=product, id=FrameId(camera, start_id, sequence))
        first = twin.next_offsets(TOPIC).get(PARTITIONS[camera], 0)
        one = batch(replace(result, frame=named), first=first, plans={product: THREE["ballscrew"]})
        for ledger in (twin, postgres_ledger):
            ledger.record(one)
    assert postgres_ledger.parts(product, 10) == twin.parts(product, 10)
