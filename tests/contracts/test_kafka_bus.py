"""What only Kafka has to prove: a broker that dies, records its library cannot parse, holes, a topic made anew."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from core.adapters import kafka_consumer
from core.adapters.in_memory_ledger import MemoryLedger
from core.adapters.kafka_bus import KafkaBacklog, KafkaFrameConsumer, KafkaFramePublisher, KafkaVerdicts, ensure_topics
from core.adapters.kafka_placement import Placement
from core.errors import BusUnavailable, EnvelopeRefused, SettingRefused
from core.frame import FrameHeader, FrameId, sha256_of
from core.inspection import OutboxMessage, Position
from core.wire import Delivery, DroppedFrame, Record, from_record, to_record
from line.services.daemon import free_port
from tests import servers
from tests.contracts.buses import PATIENCE_S, KafkaBus, publish, record, record_or_rewind, take, take_nothing
from tests.contracts.test_frame_bus import records, values_by_key

pytestmark = pytest.mark.server


@pytest.fixture
def bus() -> Iterator[KafkaBus]:
    opened = KafkaBus()
    yield opened
    opened.close()


class NotText(str):
    """A header's name that is not UTF-8 on the wire: our library writes none, a stranger's may."""

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe"


def write_raw(bus: KafkaBus, *headers: list[tuple[str, bytes]], key: bytes | None = b"top") -> None:
    producer = KafkaProducer(bootstrap_servers=bus.bootstrap)
    for one in headers:
        producer.send(bus.topic, key=key, value=b"hostile", headers=one).get(PATIENCE_S)
    producer.close()


def test_a_record_the_library_cannot_parse_is_handed_out_as_unreadable(bus: KafkaBus) -> None:
    """It is refused like any envelope that is not ours, under its own place; the good ones around it are judged."""
    publisher, consumer = bus.publisher(), bus.consumer()
    publish(publisher, records(3, b"top", b"a", b"b", b"c"))
    write_raw(bus, [(NotText("x"), b"")], [(NotText("y"), b"")])
    publish(publisher, records(3, b"top", b"a", b"b", b"c"))
    taken = take(consumer, 26)
    assert len({one.position for one in taken}) == 26
    assert all(one.resumed_from == one.position.offset for one in taken)
    unreadable = [one for one in taken if dict(one.record.headers).get("unreadable")]
    assert len(unreadable) == 2
    for one in unreadable:
        with pytest.raises(EnvelopeRefused):
            from_record(one.record)
    assert values_by_key([one for one in taken if one not in unreadable]) == {
        key: [0, 1, 2] * 2 for key in (b"top", b"a", b"b", b"c")
    }


def test_absent_keys_and_values_are_empty(bus: KafkaBus) -> None:
    """Kafka knows records without a key or a value; a worker sees empty bytes and refuses the envelope."""
    producer = KafkaProducer(bootstrap_servers=bus.bootstrap)
    producer.send(bus.topic, key=None, value=b"no key").get(PATIENCE_S)
    producer.send(bus.topic, key=b"no value", value=None).get(PATIENCE_S)
    producer.close()
    taken = take(bus.consumer(), 2)
    assert {one.record for one in taken} == {Record(b"", (), b"no key"), Record(b"no value", (), b"")}


def test_a_dropped_frame_is_announced_over_kafka(bus: KafkaBus) -> None:
    """A record of headers alone is not a tombstone."""
    header = FrameHeader(FrameId("top", "0" * 12, 7), datetime.now(UTC), "nut", "p", "l", sha256_of(b""), 0)
    publish(bus.publisher(), [to_record(DroppedFrame(header, "full"))])
    assert [from_record(one.record) for one in take(bus.consumer(), 1)] == [DroppedFrame(header, "full")]


def test_the_brokers_clock_stamps_the_arrival(bus: KafkaBus) -> None:
    """Whatever the writer claims."""
    before = datetime.now(UTC)
    producer = KafkaProducer(bootstrap_servers=bus.bootstrap)
    producer.send(bus.topic, key=b"top", value=b"x", timestamp_ms=1).get(PATIENCE_S)
    producer.close()
    (taken,) = take(bus.consumer(), 1)
    assert -1 < (taken.arrived_at - before).total_seconds() < PATIENCE_S


def test_a_topic_made_anew_is_not_read_in_silence(bus: KafkaBus) -> None:
    """The ledger stands beyond its end: every new frame would be taken for an old one."""
    publish(bus.publisher(), records(1))
    bus.ledger.offsets |= {(bus.topic, number): 500 for number in range(3)}
    consumer = bus.consumer()
    with pytest.raises(BusUnavailable, match="consumer_offset"):
        take(consumer, 1)


def test_the_ledger_decides_and_not_kafkas_own_offsets(bus: KafkaBus) -> None:
    """Kafka was told of more than the ledger holds: the ledger wins."""
    publish(bus.publisher(), records(4))
    consumer = bus.consumer()
    record(bus, consumer, take(consumer, 4))
    consumer.close()
    bus.ledger.offsets.clear()
    assert values_by_key(take(bus.consumer(), 4)) == {b"top": [0, 1, 2, 3]}


def test_topics_that_exist_stay_as_they_are(bus: KafkaBus) -> None:
    """Every station may ask for them at its start."""
    ensure_topics(bus.bootstrap, partitions=7, frames=bus.topic)
    client = KafkaConsumer(bootstrap_servers=bus.bootstrap)
    assert len(client.partitions_for_topic(bus.topic)) == 3
    client.close()


def test_verdicts_are_told_in_order_under_their_cameras(bus: KafkaBus) -> None:
    """Keyed by camera, so that one camera's verdicts stay in one partition."""
    verdicts = KafkaVerdicts(bus.bootstrap, topic=bus.topic)
    verdicts.tell([OutboxMessage(number, f"camera-{number % 3}", str(number)) for number in range(30)])
    verdicts.close()
    verdicts.close()
    assert values_by_key(take(bus.consumer(), 30)) == {
        b"camera-%d" % camera: list(range(camera, 30, 3)) for camera in range(3)
    }


def test_without_the_fast_checksum_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Python alone it would carry 8 MB/s, and nobody would know why."""
    monkeypatch.setitem(sys.modules, "crc32c", None)
    for start in (
        lambda: KafkaFramePublisher("127.0.0.1:9"),
        lambda: KafkaFrameConsumer("127.0.0.1:9", lambda _: {}, "worker", MemoryLedger()),
        lambda: KafkaBacklog("127.0.0.1:9", lambda _: {}),
        lambda: KafkaVerdicts("127.0.0.1:9"),
    ):
        with pytest.raises(SettingRefused, match="crc32c"):
            start()


def test_who_lost_its_partitions_claims_none_when_it_joins_again() -> None:
    """The library would: two that claim one partition leave it to nobody, for neither gives up what it has not."""
    assignor, partition = CooperativeStickyAssignor(), TopicPartition("frames", 0)
    assignor.member_assignment = [partition]
    stands_at = {partition: 7}
    Placement(None, assignor, stands_at).on_partitions_lost([partition])
    assert assignor.metadata(["frames"]).owned_partitions == []
    assert stands_at == {}


@pytest.mark.slow
def test_where_no_broker_answers_both_ends_say_so() -> None:
    """Within the time it takes to be sure."""
    nobody = f"127.0.0.1:{free_port()}"
    for ask in (
        lambda: KafkaFramePublisher(nobody),
        lambda: KafkaFrameConsumer(nobody, lambda _: {}, "worker", MemoryLedger()).poll(1, 0.1),
    ):
        started = time.monotonic()
        with pytest.raises(BusUnavailable):
            ask()
        assert time.monotonic() - started < 20


@pytest.mark.slow
def test_a_killed_broker_loses_nothing_that_it_acknowledged(bus: KafkaBus) -> None:
    """kill -9 while a camera publishes and a worker reads: all is there once, in order."""
    publisher, consumer = bus.publisher(), bus.consumer()
    publish(publisher, records(1))
    taken = take(consumer, 1)
    record(bus, consumer, taken)
    told = [publisher.publish(one) for one in records(100)]
    broker = servers.kafka_broker()
    broker.kill()
    told += [publisher.publish(one) for one in records(100)]
    broker.restart()
    places: list[Position] = [one.result(PATIENCE_S * 2) for one in told]
    taken += take(consumer, 200)
    assert [one.position for one in taken[1:]] == places
    assert values_by_key(taken) == {b"top": [0, *range(100), *range(100)]}


@pytest.mark.slow
def test_a_dead_broker_fails_frames_in_time_and_lets_go(bus: KafkaBus) -> None:
    """What was not acknowledged is announced as such, and a station that stops does stop."""
    publisher = KafkaFramePublisher(bus.bootstrap, bus.topic, delivery_s=3)
    leaving = bus.publisher()
    publish(publisher, records(1))
    publish(leaving, records(1))
    consumer = bus.consumer()
    held: list[Delivery] = take(consumer, 2)
    broker = servers.kafka_broker()
    broker.kill()
    try:
        in_time = [publisher.publish(one) for one in records(5)]
        never = [leaving.publish(one) for one in records(5)]
        assert all(isinstance(one.exception(PATIENCE_S), BusUnavailable) for one in in_time)
        started = time.monotonic()
        leaving.close(1)
        publisher.close(1)
        assert time.monotonic() - started < 6
        assert all(isinstance(one.exception(0), BusUnavailable) for one in never)
        record(bus, consumer, held)
        assert consumer.poll(10, 0.3) == []
        started = time.monotonic()
        consumer.close()
        assert time.monotonic() - started < 8
    finally:
        broker.restart()


def test_a_worker_that_holds_for_longer_than_it_may_be_silent_keeps_its_partitions(
    bus: KafkaBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Postgres may be away for minutes: nobody takes its frames over and judges them again."""
    monkeypatch.setattr(kafka_consumer, "BETWEEN_POLLS_S", 6.5)
    publish(bus.publisher(), records(3, b"top", b"a", b"b", b"c"))
    consumer = bus.consumer()
    taken = take(consumer, 12)
    until, pause = time.monotonic() + 9, Event()
    while time.monotonic() < until:
        consumer.hold()
        pause.wait(0.5)
    other = bus.consumer()
    assert take_nothing(other, 2) == []
    assert {one.position for one in record_or_rewind(bus, consumer, taken)} == {one.position for one in taken}


def test_a_worker_that_holds_makes_room_for_another_and_keeps_its_place(bus: KafkaBus) -> None:
    """The broker has everybody join again while it holds: it does, or would be put out of the group."""
    publish(bus.publisher(), records(3, b"top", b"a", b"b", b"c"))
    consumer, other = bus.consumer(), bus.consumer()
    take(consumer, 12)
    admin, done = KafkaAdminClient(bootstrap_servers=bus.bootstrap), Event()

    def serving() -> int:
        members = admin.describe_groups([bus.topic])[bus.topic]["members"]
        given = [member["member_assignment"] for member in members]
        return sum(bool(one and one["assigned_partitions"]) for one in given)

    def work() -> None:
        while not done.is_set():
            other.poll(10, 0.1)

    deadline = time.monotonic() + PATIENCE_S / 2
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        while serving() < 2 and time.monotonic() < deadline:
            consumer.hold()
            done.wait(0.5)
        found = serving()
        done.set()
        working.result(PATIENCE_S)
    assert found == 2
    admin.close()


def test_a_worker_that_seldom_looks_in_joins_all_the_same(bus: KafkaBus) -> None:
    """The broker answers while it judges: the answer counts at its next poll, it does not ask anew."""
    publish(bus.publisher(), records(1))
    consumer, pause = bus.consumer(), Event()
    taken: list[Delivery] = []
    deadline = time.monotonic() + PATIENCE_S / 3
    while not taken and time.monotonic() < deadline:
        taken = consumer.poll(1, 0)
        pause.wait(0.2)
    assert values_by_key(taken) == {b"top": [0]}
