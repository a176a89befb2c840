"""The reading end of Kafka. Where to read from is the ledger's word; Kafka's own offsets only feed lag tools."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import CorruptRecordError, KafkaError, UnsupportedCodecError
from kafka.structs import OffsetAndMetadata

from core.adapters.kafka_access import Broker, client_options
from core.adapters.kafka_gaps import GapWatch
from core.adapters.kafka_joins import keep_answers_between_polls
from core.adapters.kafka_placement import Placement
from core.adapters.kafka_places import check_reachable, first_offsets, reached_offsets
from core.adapters.kafka_topics import ANSWER_S, require_crc32c, translated
from core.errors import BusUnavailable, LedgerUnavailable
from core.frame import from_microseconds
from core.gap import GapLedger
from core.inspection import Position, Progress
from core.wire import RECORD_LIMIT, TOPIC, Delivery, Record, unreadable

GROUP = "inspection.workers"
SESSION_S = 12.0
"""A killed worker's partitions go to others after this; a shorter one would take a long pause for a death."""

BETWEEN_POLLS_S = 120.0
"""A worker that neither polls nor dies this long has lost its partitions; a rebalance waits no longer for it."""
SLICE_S = 0.2
"""One look at the broker: a new assignment waits at most this long for its place to be read from the ledger."""

FETCH_BYTES = 64 * 1024 * 1024
PARSE_ERRORS = (UnicodeDecodeError, CorruptRecordError, UnsupportedCodecError)

log = structlog.get_logger()


class KafkaFrameConsumer:
    """FrameConsumer as a member of a group; connects at its first poll.

    The assignor is cooperative-sticky: when a worker comes or goes, the others keep their partitions and what
    they were handed, where the eager ones would hand everybody's unsettled records out again.
    Records of open or aborted transactions are read like any other: waiting for a stranger's transaction to end
    would stop the line.
    """

    def __init__(
        self,
        bootstrap: Broker,
        next_offsets: Callable[[str], Mapping[int, int]],
        client_id: str,
        gaps: GapLedger,
        topic: str = TOPIC,
        group: str = GROUP,
        session_s: float = SESSION_S,
    ) -> None:
        require_crc32c()
        self._broker = bootstrap
        self._next_offsets = next_offsets
        self._gaps = GapWatch(gaps)
        self._topic = topic
        self._stands_at: dict[TopicPartition, int] = {}
        self._consumer: KafkaConsumer | None = None
        self._closed = False
        self._holds = False
        self._assignor = CooperativeStickyAssignor()
        self._settings = {
            **client_options(bootstrap),
            "client_id": client_id,
            "group_id": group,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "allow_auto_create_topics": False,
            "partition_assignment_strategy": [self._assignor],
            "session_timeout_ms": int(session_s * 1000),
            "heartbeat_interval_ms": int(session_s * 1000 / 4),
            "max_poll_interval_ms": int(BETWEEN_POLLS_S * 1000),
            "max_partition_fetch_bytes": 4 * RECORD_LIMIT,
            "fetch_max_bytes": FETCH_BYTES,
        }

    def poll(self, max_records: int, timeout_s: float) -> list[Delivery]:
        """Records of the partitions this worker was given, from where the ledger stands."""
        deadline = time.monotonic() + timeout_s
        with translated(self._broker):
            consumer = self._connected()
            self._resume(consumer)
            while True:
                self._place(consumer)
                left = max(0.0, min(SLICE_S, deadline - time.monotonic()))
                deliveries = self._fetch(consumer, max_records, left)
                if deliveries or time.monotonic() >= deadline:
                    return deliveries

    def settle(self, progress: Iterable[Progress]) -> None:
        """Commit Kafka's own offsets, for lag tools only; whether that succeeds changes nothing."""
        offsets = {
            TopicPartition(step.topic, step.partition): OffsetAndMetadata(step.next, "", -1) for step in progress
        }
        if self._consumer is None or not offsets:
            return
        try:
            self._consumer.commit_async(offsets, callback=_ignore)
        except KafkaError as error:
            log.debug("lag_offsets_not_committed", reason=str(error))

    def hold(self) -> None:
        """Pause every partition and poll: the broker takes a worker that does not poll for long out of the group."""
        if self._consumer is None:
            return
        self._holds = True
        try:
            self._consumer.pause(*self._consumer.assignment())
            handed_out = self._consumer.poll(timeout_ms=int(SLICE_S * 1000))
        except (KafkaError, ValueError, KeyError, *PARSE_ERRORS) as error:
            log.debug("hold_failed", reason=str(error))  # a partition taken away meanwhile, a broker that is away
            return
        for partition in handed_out:  # given just now, before it could be paused: it is read again later
            self._stands_at.pop(partition, None)

    def rewind(self) -> None:
        """Forget where the reader stands; the next poll asks the ledger."""
        self._stands_at.clear()
        self._gaps.forget()

    def close(self) -> None:
        """Leave the group, so that its partitions go to others at once."""
        self._closed = True
        consumer, self._consumer = self._consumer, None
        if consumer is None:
            return
        try:
            consumer.close(autocommit=False, timeout_ms=5000)
        except KafkaError as error:
            log.warning("bus_left_without_goodbye", reason=str(error))

    def _connected(self) -> KafkaConsumer:
        if self._closed:
            raise BusUnavailable("this consumer is closed")
        if self._consumer is None:
            consumer = KafkaConsumer(**self._settings)
            # Who leads the group before it knows the topic gives nobody anything, and does not notice later.
            known = consumer.partitions_for_topic(self._topic)
            if not known:
                consumer.close(autocommit=False, timeout_ms=1000)
                raise BusUnavailable(f"the broker does not know the topic {self._topic} yet")
            keep_answers_between_polls(consumer)
            consumer.subscribe([self._topic], listener=Placement(consumer, self._assignor, self._stands_at))
            self._consumer = consumer
        return self._consumer

    def _resume(self, consumer: KafkaConsumer) -> None:
        """After a hold: partitions where the reader stands go on, the others once they are placed."""
        if self._holds:
            self._holds = False
            consumer.resume(*(partition for partition in consumer.paused() if partition in self._stands_at))

    def _place(self, consumer: KafkaConsumer) -> None:
        """Let the reader stand where the ledger says, in every partition where it does not stand yet."""
        new = [partition for partition in consumer.assignment() if partition not in self._stands_at]
        if not new:
            return
        try:
            recorded = self._next_offsets(self._topic)
        except LedgerUnavailable as error:
            raise BusUnavailable(error.detail) from error
        first = first_offsets(consumer, new)
        end = consumer.end_offsets(new, timeout_ms=int(ANSWER_S * 1000))
        count = len(consumer.partitions_for_topic(self._topic) or ())
        for partition in new:
            # Without a row nobody has judged anything of it: what was deleted before its first record is a gap too.
            stands = recorded.get(partition.partition, 0)
            check_reachable(partition, stands, end[partition])
            start = self._gaps.start_of(partition, stands, first[partition], count)
            if start is not None:
                self._stand(consumer, partition, start)

    def _stand(self, consumer: KafkaConsumer, partition: TopicPartition, start: int) -> None:
        try:
            consumer.seek(partition, start)
            self._stands_at[partition] = start
            consumer.resume(partition)
        except (ValueError, KeyError):
            self._stands_at.pop(partition, None)  # taken away meanwhile

    def _fetch(self, consumer: KafkaConsumer, max_records: int, timeout_s: float) -> list[Delivery]:
        try:
            fetched = consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=max_records)
        except PARSE_ERRORS as error:
            return self._unreadable(consumer, error)
        self._step_back(consumer, fetched)
        return [delivery for partition in sorted(fetched) for delivery in self._deliveries(partition, fetched)]

    def _step_back(self, consumer: KafkaConsumer, fetched: Mapping[TopicPartition, list[Any]]) -> None:
        """Stand nowhere in partitions where retention has overtaken the reader.

        The client library goes on there at the first record that is left, and says nothing.
        """
        reached = {partition: records[0].offset for partition, records in fetched.items()} or reached_offsets(consumer)
        jumped = {
            partition: stood_at
            for partition, stood_at in list(self._stands_at.items())
            if reached.get(partition, stood_at) > stood_at
        }
        for partition in self._gaps.has_passed(jumped, lambda asked: first_offsets(consumer, asked)):
            self._stands_at.pop(partition, None)

    def _deliveries(self, partition: TopicPartition, fetched: Mapping[TopicPartition, list[Any]]) -> list[Delivery]:
        """What was fetched, unless it comes from before the reader was placed."""
        stood_at = self._stands_at.get(partition)
        if stood_at is None or fetched[partition][0].offset < stood_at:
            self._stands_at.pop(partition, None)
            return []
        deliveries = []
        for found in fetched[partition]:
            deliveries.append(_delivery(found, stood_at))
            stood_at = found.offset + 1
        self._stands_at[partition] = stood_at
        return deliveries

    def _unreadable(self, consumer: KafkaConsumer, error: Exception) -> list[Delivery]:
        """Somebody wrote what the client library cannot parse: hand it out as an unreadable record, and step over it.

        The library does not say where it failed, but its fetcher still holds on to it. Left there it would be looked
        at again without end, inside a single poll.
        """
        failed = consumer._fetcher._next_partition_records  # noqa: SLF001
        if failed is None:
            raise BusUnavailable(f"a fetch cannot be parsed: {error}") from error
        partition: TopicPartition = failed.topic_partition
        stood_at = self._stands_at.get(partition)
        if stood_at is None:
            return []  # taken away meanwhile
        offset: int = consumer.position(partition, timeout_ms=int(ANSWER_S * 1000))
        consumer.seek(partition, offset + 1)
        self._stands_at[partition] = offset + 1
        log.warning("unreadable_record_found", partition=partition.partition, offset=offset, reason=str(error)[:200])
        position = Position(partition.topic, partition.partition, offset)
        return [Delivery(position, stood_at, datetime.now(UTC), unreadable("the client library cannot parse it"))]


def _delivery(found: Any, stood_at: int) -> Delivery:
    headers = tuple((name, value or b"") for name, value in found.headers)
    record = Record(found.key or b"", headers, found.value or b"")
    position = Position(found.topic, found.partition, found.offset)
    return Delivery(position, stood_at, _moment(found.timestamp), record)


def _moment(milliseconds: int) -> datetime:
    """The broker's time; a topic made by hand may hold the writer's instead, which can be any number."""
    try:
        return from_microseconds(milliseconds * 1000)
    except OverflowError:
        return datetime.now(UTC)


def _ignore(_offsets: object, _answer: object) -> None:
    """Lag tools see the next commit."""
