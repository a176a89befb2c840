"""One promise, three buses: the twin, the durable queue in Postgres, and Kafka."""

from collections import defaultdict
from collections.abc import Iterator

import pytest

from core.wire import INLINE_LIMIT, Delivery, Record
from tests.contracts.buses import (
    Bus,
    KafkaBus,
    PostgresBus,
    TwinBus,
    publish,
    record,
    record_or_rewind,
    take,
    take_nothing,
)

server = pytest.mark.server


@pytest.fixture(params=[TwinBus, pytest.param(PostgresBus, marks=server), pytest.param(KafkaBus, marks=server)])
def bus(request: pytest.FixtureRequest) -> Iterator[Bus]:
    opened: Bus = request.param()
    yield opened
    opened.close()


def records(count: int, *cameras: bytes) -> list[Record]:
    """So many records of each camera, in turns."""
    return [
        Record(camera, (("sequence", str(number).encode()),), b"%d" % number)
        for number in range(count)
        for camera in cameras or (b"top",)
    ]


def values_by_key(deliveries: list[Delivery]) -> dict[bytes, list[int]]:
    values: dict[bytes, list[int]] = defaultdict(list)
    for delivery in deliveries:
        values[delivery.record.key].append(int(delivery.record.value))
    return values


def test_records_of_one_key_keep_their_order(bus: Bus) -> None:
    """Five cameras over fewer partitions: each camera's frames come as they were sent."""
    cameras = (b"a", b"b", b"c", b"d", b"e")
    publish(bus.publisher(), records(20, *cameras))
    taken = take(bus.consumer(), 100)
    assert values_by_key(taken) == {camera: list(range(20)) for camera in cameras}


def test_nothing_is_handed_out_twice(bus: Bus) -> None:
    """What a consumer polled, and has neither settled nor rewound, does not come again."""
    publish(bus.publisher(), records(5))
    consumer = bus.consumer()
    take(consumer, 5)
    assert take_nothing(consumer) == []


def test_a_held_consumer_keeps_what_it_has_and_goes_on_behind_it(bus: Bus) -> None:
    """While it holds, nothing is handed out, here or elsewhere; then come the next records, none twice."""
    publisher, consumer = bus.publisher(), bus.consumer()
    publish(publisher, records(3))
    taken = take(consumer, 3)
    publish(publisher, records(6)[3:])
    for _ in range(3):
        consumer.hold()
    assert values_by_key(take(consumer, 3)) == {b"top": [3, 4, 5]}
    record(bus, consumer, taken)
    assert take_nothing(consumer) == []


def test_holding_before_the_first_poll_and_after_the_last_is_safe(bus: Bus) -> None:
    """A worker may wait for Postgres before it has read anything."""
    consumer = bus.consumer()
    consumer.hold()
    consumer.close()
    consumer.hold()


def test_rewinding_hands_out_the_same_again(bus: Bus) -> None:
    """The same records, in the same order, standing at the same offsets."""
    publish(bus.publisher(), records(5, b"a", b"b"))
    consumer = bus.consumer()
    first = take(consumer, 10)
    consumer.rewind()
    assert sorted(take(consumer, 10), key=lambda one: one.position) == sorted(first, key=lambda one: one.position)


def test_rewinding_goes_back_to_the_ledger_and_not_further(bus: Bus) -> None:
    """What is recorded stays recorded; only the rest comes again."""
    publish(bus.publisher(), records(6))
    consumer = bus.consumer()
    record(bus, consumer, take(consumer, 4))
    take(consumer, 2)
    consumer.rewind()
    assert values_by_key(take(consumer, 2)) == {b"top": [4, 5]}


def test_a_new_consumer_resumes_where_the_ledger_stands(bus: Bus) -> None:
    """Recorded, but the worker ended before it told the bus: nothing recorded comes again."""
    publish(bus.publisher(), records(6))
    first = bus.consumer()
    taken = take(first, 4)
    bus.ledger.offsets[taken[0].position.topic, taken[0].position.partition] = taken[-1].position.offset + 1
    first.close()
    assert values_by_key(take(bus.consumer(), 2)) == {b"top": [4, 5]}


def test_what_is_settled_is_not_handed_out_again(bus: Bus) -> None:
    """Neither to the same consumer after a rewind, nor to a new one."""
    publish(bus.publisher(), records(4))
    consumer = bus.consumer()
    record(bus, consumer, take(consumer, 4))
    consumer.rewind()
    assert take_nothing(consumer) == []
    consumer.close()
    assert take_nothing(bus.consumer()) == []


def test_settling_twice_is_settling_once(bus: Bus) -> None:
    """A worker that is not sure whether it told the bus may tell it again."""
    publish(bus.publisher(), records(4))
    consumer = bus.consumer()
    progress = record(bus, consumer, take(consumer, 2))
    consumer.settle(progress)
    assert values_by_key(take(consumer, 2)) == {b"top": [2, 3]}


def test_two_consumers_never_hold_one_record_both(bus: Bus) -> None:
    """While both live, each record goes to exactly one of them, and together they get all."""
    publisher, one, other = bus.publisher(), bus.consumer(), bus.consumer()
    cameras = [b"camera-%d" % number for number in range(12)]
    settle_in_both(bus, one, other)  # a group has to meet before it shares
    publish(publisher, records(10, *cameras))
    taken: dict[str, list[Delivery]] = {"one": [], "other": []}
    for _ in range(400):
        for name, consumer in (("one", one), ("other", other)):
            batch = consumer.poll(7, 0.05)
            record(bus, consumer, batch)
            taken[name] += batch
        if len(taken["one"]) + len(taken["other"]) >= 120:
            break
    positions = [[delivery.position for delivery in deliveries] for deliveries in taken.values()]
    assert sorted(positions[0] + positions[1]) == sorted(set(positions[0]) | set(positions[1]))
    assert len(positions[0] + positions[1]) == 120
    assert all(positions), "both had work"


def settle_in_both(bus: Bus, one: object, other: object) -> None:
    for _ in range(40):
        for consumer in (one, other):
            consumer.poll(1, 0.1)  # type: ignore[attr-defined]


def test_a_camera_keeps_its_order_over_two_consumers(bus: Bus) -> None:
    """However the workers take turns, no frame of a camera is handed out before its predecessor is recorded."""
    publisher, one, other = bus.publisher(), bus.consumer(), bus.consumer()
    settle_in_both(bus, one, other)
    publish(publisher, records(30, b"a", b"b", b"c"))
    taken: list[Delivery] = []
    for _ in range(400):
        for consumer in (one, other):
            batch = consumer.poll(4, 0.05)
            record(bus, consumer, batch)
            taken += batch
        if len(taken) >= 90:
            break
    assert values_by_key(taken) == {camera: list(range(30)) for camera in (b"a", b"b", b"c")}


def test_closing_hands_the_rest_over_at_once(bus: Bus) -> None:
    """What a leaving worker held and did not record goes to the next one."""
    publish(bus.publisher(), records(5, b"a", b"b"))
    leaving = bus.consumer()
    first = take(leaving, 10)
    leaving.close()
    leaving.close()
    second = take(bus.consumer(), 10)
    assert sorted(one.position for one in second) == sorted(one.position for one in first)


def test_a_record_of_the_largest_inline_size_travels_whole(bus: Bus) -> None:
    """One mebibyte of bytes of every value."""
    large = Record(b"top", (("kind", b"frame"),), bytes(range(256)) * (INLINE_LIMIT // 256))
    publish(bus.publisher(), [large])
    assert [one.record for one in take(bus.consumer(), 1)] == [large]


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("empty", b""),),
        (("twice", b"1"), ("twice", b"2")),
        (("", b"no name"),),
        (("häßlich-名前", bytes(range(256))),),
        tuple((f"name-{number}", b"\x00\xff" * number) for number in range(40)),
        (("long", b"x" * 1024),),
    ],
    ids=["none", "empty", "twice", "no-name", "unicode", "many", "long"],
)
def test_headers_come_back_as_they_were(bus: Bus, headers: tuple[tuple[str, bytes], ...]) -> None:
    """Order, repeats and every byte: judging them is not the bus's job."""
    sent = Record(b"top", headers, b"")
    publish(bus.publisher(), [sent])
    assert [one.record for one in take(bus.consumer(), 1)] == [sent]


def test_the_backlog_counts_what_is_not_recorded(bus: Bus) -> None:
    """Captured = judged + waiting: handed out is still waiting, recorded is not."""
    backlog, consumer = bus.backlog(), bus.consumer()
    assert backlog.waiting() == 0
    publish(bus.publisher(), records(5, b"a", b"b"))
    assert backlog.waiting() == 10
    taken = take(consumer, 6)
    assert backlog.waiting() == 10
    record(bus, consumer, taken)
    assert backlog.waiting() == 4


def test_the_acknowledged_place_is_where_the_record_comes_from(bus: Bus) -> None:
    """A journal may note it, and find the row by it."""
    places = publish(bus.publisher(), records(5, b"a", b"b"))
    assert sorted(one.position for one in take(bus.consumer(), 10)) == sorted(places)


def test_without_holes_the_reader_stands_at_each_record(bus: Bus) -> None:
    """So that one batch's progress joins the next one's."""
    publish(bus.publisher(), records(5))
    assert all(one.resumed_from == one.position.offset for one in take(bus.consumer(), 5))


def test_an_empty_bus_gives_nothing_after_the_timeout(bus: Bus) -> None:
    """An empty list, not an error."""
    assert bus.consumer().poll(10, 0.1) == []


def test_closing_a_publisher_twice_is_safe(bus: Bus) -> None:
    """A station that is asked to stop while it stops."""
    publisher = bus.publisher()
    publish(publisher, records(1))
    publisher.close(5)
    publisher.close(5)


def test_workers_come_and_go_and_every_record_counts_once(bus: Bus) -> None:
    """The bus may hand a record out again when its worker changes; with the ledger's fence it is recorded once."""
    publish(bus.publisher(), records(40, *[b"camera-%d" % number for number in range(8)]))
    recorded: list[Delivery] = []
    workers = [bus.consumer(), bus.consumer()]
    for turn in range(600):
        if turn % 15 == 14:
            workers.pop(0).close()
            workers.append(bus.consumer())
        for worker in workers:
            recorded += record_or_rewind(bus, worker, worker.poll(5, 0.05))
        if len(recorded) >= 320:
            break
    assert values_by_key(recorded) == {b"camera-%d" % number: list(range(40)) for number in range(8)}
