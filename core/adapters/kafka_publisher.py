"""The writing ends of Kafka: frames from a camera, verdicts for the plant."""

from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError, wait
from contextlib import suppress
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from core.adapters.kafka_access import CONNECT_S, Broker, client_options
from core.adapters.kafka_topics import require_crc32c, to_line_error, translated
from core.inspection import OutboxMessage, Position
from core.wire import RECORD_LIMIT, TOPIC, VERDICTS_TOPIC, Record

DELIVERY_S = 24 * 3600.0
"""A record that is given up is sent again behind later ones, out of its camera's order: so none is, in an outage."""

REQUEST_S = 5.0
TELL_S = 15.0


def open_producer(bootstrap: Broker, delivery_s: float) -> KafkaProducer:
    """A producer that repeats no record, keeps order, and answers only once the record is durable.

    Raises:
        BusUnavailable: No broker answers.
        SettingRefused: The fast checksum is missing.
    """
    require_crc32c()
    with translated(bootstrap):
        return KafkaProducer(
            **client_options(bootstrap),
            enable_idempotence=True,
            acks="all",
            compression_type=None,
            max_request_size=RECORD_LIMIT,
            delivery_timeout_ms=int(delivery_s * 1000),
            request_timeout_ms=int(min(REQUEST_S, delivery_s) * 1000),
            max_block_ms=int(CONNECT_S * 1000),
            allow_auto_create_topics=False,
        )


class KafkaFramePublisher:
    """FramePublisher on a Kafka topic. What is in flight is bounded by whoever publishes: the library does not."""

    def __init__(self, bootstrap: Broker, topic: str = TOPIC, delivery_s: float = DELIVERY_S) -> None:
        self._topic = topic
        self._producer = open_producer(bootstrap, delivery_s)
        self._in_flight: set[Future[Position]] = set()
        self._closed = False
        with translated(bootstrap):
            # Known now, so that `publish` never waits for it later, not even while the broker is away.
            self._producer.partitions_for(topic)

    def publish(self, record: Record) -> Future[Position]:
        """Send it; the future ends with its place, or with BusUnavailable once it is certain that it is given up."""
        told: Future[Position] = Future()
        told.set_running_or_notify_cancel()
        self._in_flight.add(told)
        told.add_done_callback(self._in_flight.discard)
        try:
            sent = self._producer.send(self._topic, key=record.key, value=record.value, headers=list(record.headers))
        except KafkaError as error:
            _fail(told, error)
            return told
        sent.add_callback(_succeed, told)
        sent.add_errback(_fail, told)
        return told

    def close(self, timeout_s: float) -> None:
        """Wait at most this long; what is not acknowledged by then fails, though it may still arrive."""
        if self._closed:
            return
        self._closed = True
        wait(set(self._in_flight), timeout=timeout_s)
        for told in list(self._in_flight):
            _fail(told, "closed before the broker answered")
        close_producer(self._producer)


class KafkaVerdicts:
    """VerdictPublisher on a Kafka topic, keyed by camera.

    It connects when it first tells something. A verdict told twice has the same camera, start_id and sequence in its
    JSON: a reader drops repeats by them.
    """

    def __init__(self, bootstrap: Broker, topic: str = VERDICTS_TOPIC, tell_s: float = TELL_S) -> None:
        require_crc32c()
        self._bootstrap = bootstrap
        self._topic = topic
        self._tell_s = tell_s
        self._producer: KafkaProducer | None = None

    def tell(self, messages: Sequence[OutboxMessage]) -> None:
        """Send all, then wait for every acknowledgement within one deadline."""
        if self._producer is None:
            self._producer = open_producer(self._bootstrap, self._tell_s)
        with translated(self._bootstrap):
            sent = [self._send(self._producer, message) for message in messages]
            self._producer.flush(timeout=self._tell_s)
            for one in sent:
                one.get(timeout=0)

    def _send(self, producer: KafkaProducer, message: OutboxMessage) -> Any:
        return producer.send(self._topic, key=message.camera.encode(), value=message.payload.encode())

    def close(self) -> None:
        """Let go. Safe to call twice."""
        producer, self._producer = self._producer, None
        if producer is not None:
            close_producer(producer)


def close_producer(producer: KafkaProducer) -> None:
    """Close at once. With a dead broker the library gives up halfway, and its sender must be told to let go."""
    try:
        producer.close(timeout=1)
    except KafkaError:
        producer._sender.force_close()  # noqa: SLF001
        with suppress(KafkaError):
            producer.close(timeout=1)


def _succeed(told: "Future[Position]", sent: Any) -> None:
    try:
        told.set_result(Position(sent.topic, sent.partition, sent.offset))
    except InvalidStateError:
        return  # given up at closing


def _fail(told: "Future[Position]", why: object) -> None:
    try:
        told.set_exception(to_line_error(why))
    except InvalidStateError:
        return  # acknowledged meanwhile
