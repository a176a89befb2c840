"""The three frame buses behind one face, so that one body of tests can hold all of them to the same promise."""

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import Engine

from core.adapters.database import open_engine
from core.adapters.in_memory import MemoryBus
from core.adapters.in_memory_ledger import MemoryLedger
from core.adapters.kafka_bus import KafkaBacklog, KafkaFrameConsumer, KafkaFramePublisher, ensure_topics
from core.adapters.migrate import upgrade
from core.adapters.postgres_bus import PostgresBacklog, PostgresFrameConsumer, PostgresFramePublisher
from core.errors import Fenced
from core.inspection import Batch, Position, Progress, progress_of
from core.ports import Backlog, FrameConsumer, FramePublisher
from core.wire import Delivery, Record
from tests import servers

PATIENCE_S = 30.0


class Bus(Protocol):
    """A bus of its own for one test, with a ledger's twin that says where its readers stand."""

    ledger: MemoryLedger

    def publisher(self) -> FramePublisher: ...

    def consumer(self) -> FrameConsumer: ...

    def backlog(self) -> Backlog: ...

    def close(self) -> None: ...


class TwinBus:
    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self.bus = MemoryBus(lambda: datetime.now(UTC), self.ledger.next_offsets, self.ledger)

    def publisher(self) -> FramePublisher:
        return self.bus

    def consumer(self) -> FrameConsumer:
        return self.bus.consumer()

    def backlog(self) -> Backlog:
        return self.bus

    def close(self) -> None:
        """Nothing is open."""


class Opened:
    """Remembers what a test opened and closes it in the end."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self.closers: list[Callable[[], object]] = []

    def close(self) -> None:
        for closer in reversed(self.closers):
            closer()


class KafkaBus(Opened):
    def __init__(self) -> None:
        super().__init__()
        self.bootstrap = servers.kafka()
        self.topic = f"frames-{uuid.uuid4().hex[:12]}"
        ensure_topics(self.bootstrap, partitions=3, frames=self.topic)

    def publisher(self) -> FramePublisher:
        publisher = KafkaFramePublisher(self.bootstrap, self.topic)
        self.closers.append(lambda: publisher.close(2))
        return publisher

    def consumer(self) -> KafkaFrameConsumer:
        consumer = KafkaFrameConsumer(
            self.bootstrap, self.ledger.next_offsets, "worker", self.ledger, self.topic, group=self.topic, session_s=6
        )
        self.closers.append(consumer.close)
        return consumer

    def backlog(self) -> Backlog:
        backlog = KafkaBacklog(self.bootstrap, self.ledger.next_offsets, self.topic)
        self.closers.append(backlog.close)
        return backlog


class PostgresBus(Opened):
    def __init__(self) -> None:
        super().__init__()
        self.url = servers.postgres()
        engine = self.engine()
        upgrade(engine)

    def engine(self) -> Engine:
        engine = open_engine(self.url)
        self.closers.append(engine.dispose)
        return engine

    def publisher(self) -> FramePublisher:
        publisher = PostgresFramePublisher(self.engine())
        self.closers.append(lambda: publisher.close(2))
        return publisher

    def consumer(self, idle_limit_s: float = 30) -> PostgresFrameConsumer:
        consumer = PostgresFrameConsumer(self.engine(), self.ledger.next_offsets, "worker", idle_limit_s=idle_limit_s)
        self.closers.append(consumer.close)
        return consumer

    def backlog(self) -> Backlog:
        return PostgresBacklog(self.engine(), self.ledger.next_offsets)


def publish(publisher: FramePublisher, records: Iterable[Record]) -> list[Position]:
    """Publish all, then wait until the bus holds them."""
    return [told.result(PATIENCE_S) for told in [publisher.publish(record) for record in records]]


def take(consumer: FrameConsumer, count: int) -> list[Delivery]:
    """Poll until so many records came; what came until then, if they do not come in time."""
    taken: list[Delivery] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(taken) < count and time.monotonic() < deadline:
        taken += consumer.poll(count - len(taken), 0.2)
    return taken


def take_nothing(consumer: FrameConsumer, seconds: float = 1.0) -> list[Delivery]:
    """What a consumer hands out that should hand out nothing."""
    deadline = time.monotonic() + seconds
    taken: list[Delivery] = []
    while time.monotonic() < deadline:
        taken += consumer.poll(100, 0.1)
    return taken


def record(bus: Bus, consumer: FrameConsumer, deliveries: Sequence[Delivery]) -> tuple[Progress, ...]:
    """What a worker does once it has judged: commit to the ledger, then tell the bus."""
    progress = progress_of((one.position, one.resumed_from) for one in deliveries)
    bus.ledger.record(Batch((), progress))
    consumer.settle(progress)
    return progress


def record_or_rewind(bus: Bus, consumer: FrameConsumer, deliveries: list[Delivery]) -> list[Delivery]:
    """What of it the ledger took: all, or nothing where another worker was faster."""
    try:
        record(bus, consumer, deliveries)
    except Fenced:
        consumer.rewind()
        return []
    return deliveries
