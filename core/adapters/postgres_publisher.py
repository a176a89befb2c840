"""The writing end of the durable queue in Postgres."""

import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Thread

import structlog
from sqlalchemy import Connection, Engine, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import SQLAlchemyError

from core.adapters.postgres_lanes import on_the_bus, pack_headers
from core.adapters.schema import bus_lane, bus_record
from core.errors import BusUnavailable, LineError
from core.inspection import Position
from core.wire import TOPIC, Record

log = structlog.get_logger()

DELIVERY_S = 24 * 3600.0
"""A record that is given up is sent again behind later ones, out of its camera's order: so none is, in an outage."""

BATCH_RECORDS = 64
BATCH_BYTES = 8 * 1024 * 1024
"""One transaction carries at most this: commits are what costs, but nobody should wait for a huge one."""

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Letter:
    """A record on its way, whom to tell, and until when to try."""

    record: Record
    told: "Future[Position]"
    try_until: float


@contextmanager
def kept_waiting() -> Iterator[None]:
    """Whatever else keeps records from being written (a right that is revoked, a row in their place) is an outage.

    To a camera it is the same: somebody mends it, and until then its frames wait in their order.

    Raises:
        BusUnavailable: They were not written, and why.
    """
    try:
        with on_the_bus():
            yield
    except BusUnavailable:
        raise
    except (LineError, SQLAlchemyError) as error:
        raise BusUnavailable(str(error).split("\n", 1)[0]) from error


class PostgresFramePublisher:
    """FramePublisher: a thread of its own writes whatever has gathered in one transaction.

    A batch whose commit was not answered is written again; the ledger drops the repeat by its natural key.
    """

    def __init__(self, engine: Engine, topic: str = TOPIC, delivery_s: float = DELIVERY_S) -> None:
        self._engine = engine
        self._topic = topic
        self._delivery_s = delivery_s
        self._known_keys: set[bytes] = set()
        self._letters: deque[Letter] = deque()
        self._changed = Condition()
        self._closed = False
        self._gives_up = False
        self._writer = Thread(target=self._write_all, name="postgres-publisher", daemon=True)
        self._writer.start()

    def publish(self, record: Record) -> Future[Position]:
        """Leave it for the writing thread."""
        letter = Letter(record, Future(), time.monotonic() + self._delivery_s)
        letter.told.set_running_or_notify_cancel()
        with self._changed:
            if self._closed:
                letter.told.set_exception(BusUnavailable("this publisher is closed"))
                return letter.told
            self._letters.append(letter)
            self._changed.notify_all()
        return letter.told

    def close(self, timeout_s: float) -> None:
        """Wait at most this long for what is in flight; the rest fails."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._writer.join(timeout_s)
        with self._changed:
            self._gives_up = True
            self._changed.notify_all()
        self._writer.join(LONGEST_PAUSE_S)

    def _write_all(self) -> None:
        """Until closed and empty."""
        batch: list[Letter] = []
        try:
            while batch := self._next_batch():
                self._write_or_fail(batch)
        finally:
            self._refuse_the_rest(batch)

    def _refuse_the_rest(self, in_hand: Sequence[Letter]) -> None:
        """Nothing is left where all went well. Should a defect end this thread, nobody waits for it in vain."""
        with self._changed:
            self._closed = True
            for letter in (*in_hand, *self._letters):
                if not letter.told.done():
                    letter.told.set_exception(BusUnavailable("the thread that writes has ended; see the traceback"))
            self._letters.clear()

    def _next_batch(self) -> list[Letter]:
        """What has gathered, left in the queue's order; empty only in the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._letters or self._closed)
            batch: list[Letter] = []
            size = 0
            while self._letters and len(batch) < BATCH_RECORDS and size < BATCH_BYTES:
                batch.append(self._letters.popleft())
                size += len(batch[-1].record.value)
            return batch

    def _write_or_fail(self, batch: Sequence[Letter]) -> None:
        """Try until it is written or its oldest record has waited too long: the order must hold meanwhile."""
        pause_s, said = FIRST_PAUSE_S, ""
        while True:
            try:
                positions = self._write([letter.record for letter in batch])
            except BusUnavailable as error:
                if said != (said := str(error)):
                    log.warning("frames_not_written", error=said)
                self._known_keys.clear()  # somebody may have removed a lane, and then it is opened anew
                if self._should_give_up(batch[0], pause_s):
                    for letter in batch:
                        letter.told.set_exception(error)
                    return
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                for letter, position in zip(batch, positions, strict=True):
                    letter.told.set_result(position)
                return

    def _should_give_up(self, oldest: Letter, pause_s: float) -> bool:
        """Pause, unless it is too late to try again."""
        with self._changed:
            self._changed.wait_for(lambda: self._gives_up, timeout=pause_s)
            return self._gives_up or time.monotonic() > oldest.try_until

    def _write(self, records: Sequence[Record]) -> list[Position]:
        keys = [record.key for record in records]
        with kept_waiting(), self._engine.begin() as connection:
            self._open_lanes(connection, set(keys))
            positions = self._draw(connection, keys)
            connection.execute(
                insert(bus_record),
                [
                    {
                        "topic": position.topic,
                        "partition": position.partition,
                        "offset": position.offset,
                        "headers": pack_headers(record.headers),
                        "value": record.value,
                    }
                    for position, record in zip(positions, records, strict=True)
                ],
            )
        self._known_keys |= set(keys)
        return positions

    def _open_lanes(self, connection: Connection, keys: set[bytes]) -> None:
        # Only for new keys: a conflict, too, uses up one of the numbers that lanes are given.
        for key in sorted(keys - self._known_keys):
            connection.execute(upsert(bus_lane).values(topic=self._topic, key=key).on_conflict_do_nothing())

    def _draw(self, connection: Connection, keys: Sequence[bytes]) -> list[Position]:
        """A place for each, in order; the lanes stay locked until the commit, always in the order of their keys."""
        places: dict[bytes, deque[Position]] = defaultdict(deque)
        for key in sorted(set(keys)):
            count = keys.count(key)
            drawn = connection.execute(
                update(bus_lane)
                .where(bus_lane.c.topic == self._topic, bus_lane.c.key == key)
                .values(last_offset=bus_lane.c.last_offset + count)
                .returning(bus_lane.c.partition, bus_lane.c.last_offset)
            ).one()
            first = drawn.last_offset - count + 1
            places[key].extend(Position(self._topic, drawn.partition, first + number) for number in range(count))
        return [places[key].popleft() for key in keys]
