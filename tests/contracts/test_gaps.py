"""What a bus deleted unjudged is written down: which records of which cameras, and when that was found."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from kafka import KafkaAdminClient, TopicPartition

from core.adapters.kafka_gaps import carried
from core.camera_account import accounts
from core.errors import BusUnavailable, Fenced, LedgerUnavailable
from core.gap import Gap
from core.inspection import CameraRun
from core.wire import Delivery, Record
from tests.contracts.buses import KafkaBus, TwinBus, publish, record, take, take_nothing
from tests.contracts.ledgers import TODAY, TOPIC, Ledger, batch, frame, inspected
from tests.contracts.test_frame_bus import records, values_by_key

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
GAP = Gap(TOPIC, 0, 3, 8, ("line1-top",), TODAY)


class TwinWithRetention(TwinBus):
    def delete_until(self, partition: int, offset: int) -> None:
        self.bus.delete_until(partition, offset)


class KafkaWithRetention(KafkaBus):
    def delete_until(self, partition: int, offset: int) -> None:
        """The broker's own interface for it; retention by time or size moves the same first offset."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        admin.delete_records({TopicPartition(self.topic, partition): offset})
        admin.close()


RetentionBus = TwinWithRetention | KafkaWithRetention
OPENERS: dict[str, Callable[[], RetentionBus]] = {"twin": TwinWithRetention, "kafka": KafkaWithRetention}


@pytest.fixture(params=["twin", pytest.param("kafka", marks=pytest.mark.server)])
def bus(request: pytest.FixtureRequest) -> Iterator[RetentionBus]:
    """The embedded bus is not here: it deletes what is recorded and nothing else."""
    opened = OPENERS[request.param]()
    yield opened
    opened.close()


def found(bus: RetentionBus) -> list[tuple[int, int, int]]:
    return [(gap.first, gap.until, gap.frames) for gap in bus.ledger.gaps(LONG_AGO)]


def standing_at_two(bus: RetentionBus) -> list[Delivery]:
    """Ten records lie on the bus, the first two are recorded; their reader has left."""
    publish(bus.publisher(), records(10))
    consumer = bus.consumer()
    taken = take(consumer, 2)
    record(bus, consumer, taken)
    consumer.close()
    return taken


def test_what_retention_deleted_is_written_down_and_passed(bus: RetentionBus) -> None:
    """The next reader writes the gap before it reads on, and its first record joins behind it."""
    partition = standing_at_two(bus)[0].position.partition
    bus.delete_until(partition, 6)
    consumer = bus.consumer()
    rest = take(consumer, 4)
    assert values_by_key(rest) == {b"top": [6, 7, 8, 9]}
    assert (rest[0].resumed_from, rest[0].position.offset) == (6, 6)
    assert found(bus) == [(2, 6, 4)]
    record(bus, consumer, rest)
    assert bus.backlog().waiting() == 0


def test_a_partition_deleted_to_its_end_is_a_gap_without_a_further_frame(bus: RetentionBus) -> None:
    """Nobody needs to wait for the next picture to learn of it."""
    partition = standing_at_two(bus)[0].position.partition
    bus.delete_until(partition, 10)
    assert take_nothing(bus.consumer(), 3) == []
    assert found(bus) == [(2, 10, 8)]
    assert bus.ledger.next_offsets(bus.topic if isinstance(bus, KafkaBus) else bus.bus.topic)[partition] == 10


def test_what_nobody_ever_read_is_a_gap_too(bus: RetentionBus) -> None:
    """Cameras ran for days before the first worker: its first look says what is gone."""
    (place,) = {place.partition for place in publish(bus.publisher(), records(5))}
    bus.delete_until(place, 3)
    assert values_by_key(take(bus.consumer(), 2)) == {b"top": [3, 4]}
    assert found(bus) == [(0, 3, 3)]


def test_a_reader_that_retention_overtakes_writes_the_gap_behind_what_it_holds(bus: RetentionBus) -> None:
    """A worker that is too slow. Every record is judged or in a gap, and none is both.

    The records are large, so that a client that reads ahead cannot have all of them before they are deleted.
    """
    publish(bus.publisher(), [Record(b"top", (("n", b"%d" % number),), bytes(900_000)) for number in range(24)])
    consumer = bus.consumer()
    held = take(consumer, 2)
    bus.delete_until(held[0].position.partition, 22)
    more = consumer.poll(1, 1.0)
    assert found(bus) == []  # not while what lies before it is being judged
    record(bus, consumer, held + more)
    judged = [one.position.offset for one in held + more]
    while judged[-1] < 23 and (taken := take(consumer, 1)):
        record(bus, consumer, taken)
        judged += [one.position.offset for one in taken]
    ((first, until, _),) = found(bus)
    assert until == 22
    assert sorted([*judged, *range(first, until)]) == list(range(24))


@pytest.fixture
def kafka() -> Iterator[KafkaWithRetention]:
    opened = KafkaWithRetention()
    yield opened
    opened.close()


@pytest.mark.server
def test_without_a_ledger_nothing_is_passed(kafka: KafkaWithRetention, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gap that cannot be written down is waited with."""
    partition = standing_at_two(kafka)[0].position.partition
    kafka.delete_until(partition, 6)

    def away(_: Gap) -> None:
        raise LedgerUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(kafka.ledger, "record_gap", away)
        consumer = kafka.consumer()
        with pytest.raises(BusUnavailable):
            take(consumer, 4)
    assert found(kafka) == []
    assert len(take(consumer, 4)) == 4
    assert found(kafka) == [(2, 6, 4)]


@pytest.mark.server
def test_cameras_share_a_partition_by_the_hash_of_their_names(kafka: KafkaWithRetention) -> None:
    """So a gap names those that it may concern: the same ones that the bus put there."""
    names = [f"camera-{number}" for number in range(9)]
    places = publish(kafka.publisher(), records(1, *[name.encode() for name in names]))
    for partition in range(3):
        there = [name for name, place in zip(names, places, strict=True) if place.partition == partition]
        assert carried(names, partition, 3) == tuple(there)


def test_a_gap_is_kept_with_the_offset_behind_it(ledger: Ledger) -> None:
    """One transaction: where the row is, the partition has moved."""
    ledger.record(batch(*(inspected(frame(number)) for number in range(3))))
    ledger.record_gap(GAP)
    assert ledger.gaps(LONG_AGO) == [GAP]
    assert ledger.next_offsets(TOPIC) == {0: 8}
    assert ledger.cameras_heard_of() == ["line1-top"]


def test_a_gap_that_another_worker_has_passed_is_fenced(ledger: Ledger) -> None:
    """Two find the same gap: one row. And who judged frames from within it writes nothing."""
    ledger.record(batch(*(inspected(frame(number)) for number in range(3))))
    ledger.record_gap(GAP)
    with pytest.raises(Fenced):
        ledger.record_gap(GAP)
    with pytest.raises(Fenced):
        ledger.record(batch(inspected(frame(3)), first=3))
    assert ledger.gaps(LONG_AGO) == [GAP]


def test_gaps_are_listed_newest_first_since_a_moment(ledger: Ledger) -> None:
    """A page asks for the last days, a drill for all."""
    later = Gap(TOPIC, 1, 0, 1, (), TODAY + timedelta(hours=1))
    ledger.record_gap(later)
    ledger.record_gap(Gap(TOPIC, 0, 0, 8, ("line1-top",), TODAY))
    assert [gap.partition for gap in ledger.gaps(LONG_AGO)] == [1, 0]
    assert ledger.gaps(TODAY + timedelta(minutes=1)) == [later]


def test_a_running_cameras_account_says_what_it_lost(ledger: Ledger) -> None:
    """Its next judged frame tells by its number, whichever cameras share the partition."""
    run = CameraRun("line1-top", "0123456789ab", "ballscrew", 12, 0, TODAY, acknowledged=12)
    ledger.report(run)
    ledger.record(batch(*(inspected(frame(number)) for number in range(3))))
    ledger.record_gap(GAP)
    before = accounts(ledger.run_counts(), TODAY)["line1-top"]
    assert (before.judged, before.waiting, before.gap) == (3, 9, 0)
    ledger.record(batch(inspected(frame(8)), first=8))
    after = accounts(ledger.run_counts(), TODAY)["line1-top"]
    assert (after.captured, after.judged, after.waiting, after.gap) == (12, 4, 3, 5)


@pytest.mark.parametrize(("first", "until"), [(3, 3), (4, 3), (-1, 3)])
def test_an_empty_gap_cannot_be_built(first: int, until: int) -> None:
    """A gap holds at least one record."""
    with pytest.raises(ValueError, match="at least one"):
        Gap(TOPIC, 0, first, until, (), TODAY)
