"""The reading end of the durable queue in Postgres."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

import structlog
from sqlalchemy import Connection, Engine, case, delete, func, select
from sqlalchemy.exc import DBAPIError

from core.adapters.postgres_lanes import ends, on_the_bus, unpack_headers
from core.adapters.schema import bus_lane, bus_record
from core.errors import BusUnavailable
from core.inspection import Position, Progress
from core.wire import RECORD_LIMIT, TOPIC, Delivery, Record, unreadable

log = structlog.get_logger()

IDLE_LIMIT_S = 30.0
"""A worker that is silent this long while it holds lanes is taken for frozen, and Postgres lets go of them."""

LOOK_AGAIN_S = 0.02
LANE_LOCKS = 0x6C616E65
"""The space of our advisory locks: ASCII of "lane"."""


_BOUNDED = tuple(
    case((func.octet_length(column) <= RECORD_LIMIT, column)).label(column.name)
    for column in (bus_record.c.headers, bus_record.c.value)
)
"""Nothing where it is larger than any record of ours: a column may hold a gigabyte, and a poll many of them."""


class PostgresFrameConsumer:
    """FrameConsumer: holds whole lanes, so that a camera's order holds, until what it took of them is settled.

    The locks belong to one database session inside an open transaction: a killed worker's session ends at once, a
    frozen worker's by `idle_in_transaction_session_timeout`. They only make for order and little waste; that no
    frame counts twice is the ledger's doing.
    """

    def __init__(
        self,
        engine: Engine,
        next_offsets: Callable[[str], Mapping[int, int]],
        owner: str,
        topic: str = TOPIC,
        idle_limit_s: float = IDLE_LIMIT_S,
    ) -> None:
        self._engine = engine
        self._next_offsets = next_offsets
        self._owner = owner
        self._topic = topic
        self._idle_limit_s = idle_limit_s
        self._connection: Connection | None = None
        self._stands_at: dict[int, int] = {}
        self._served: dict[int, int] = {}
        self._turn = 0
        self._lost: BusUnavailable | None = None
        self._closed = False

    def poll(self, max_records: int, timeout_s: float) -> list[Delivery]:
        """What waits in lanes nobody else holds; lanes served longest ago come first."""
        deadline = time.monotonic() + timeout_s
        try:
            while not (deliveries := self._look(max_records)):
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                time.sleep(min(LOOK_AGAIN_S, left))
        except BusUnavailable:
            self._forget()
            raise
        return deliveries

    def settle(self, progress: Iterable[Progress]) -> None:
        """Remove what is recorded and let go of lanes with nothing left unsettled.

        Never raises: what cannot be removed now is only clutter, and the next poll says that the session is lost.
        """
        if self._connection is None:
            return
        try:
            with on_the_bus():
                self._settle(self._connection, list(progress))
        except BusUnavailable as error:
            self._forget()
            self._lost = error

    def hold(self) -> None:
        """Tell Postgres that this session is not a frozen worker's. Where it is gone, so are the lanes."""
        if self._connection is None or not self._stands_at:
            return
        try:
            with on_the_bus():
                self._watch(self._connection)
        except BusUnavailable as error:
            self._forget()
            self._lost = error

    def rewind(self) -> None:
        """Let go of every lane."""
        self._forget()

    def close(self) -> None:
        """The same, for good."""
        self._closed = True
        self._forget()

    def _look(self, max_records: int) -> list[Delivery]:
        """One round: first more from the lanes held, then from new ones; every lane gets its share of the room."""
        with on_the_bus():
            connection = self._session()
            end = ends(connection, self._topic)
            held = [lane for lane, stands_at in self._stands_at.items() if stands_at < end[lane]][:max_records]
            lanes = held + self._take_lanes(connection, end, max_records - len(held))
            deliveries: list[Delivery] = []
            for number, lane in enumerate(lanes):
                room = max_records - len(deliveries)
                deliveries += self._read(connection, lane, -(-room // (len(lanes) - number)))
            if not self._stands_at:
                connection.rollback()  # nothing is held, so nobody may take this session for a frozen one
        return deliveries

    def _take_lanes(self, connection: Connection, end: Mapping[int, int], room: int) -> list[int]:
        """Lock up to half of the lanes with work that are not ours: the other half is for the other workers.

        Where there are no others, the next poll takes half of the rest.
        """
        recorded = self._next_offsets(self._topic)
        waiting = [lane for lane in end if lane not in self._stands_at and recorded.get(lane, 0) < end[lane]]
        waiting.sort(key=lambda lane: self._served.get(lane, -1))
        share = min(room, -(-len(waiting) // 2))
        taken: list[int] = []
        for lane in waiting:
            if len(taken) < share and self._lock(connection, lane):
                taken.append(lane)
        return self._place(connection, taken, end) if taken else []

    def _lock(self, connection: Connection, lane: int) -> bool:
        return bool(connection.scalar(select(func.pg_try_advisory_lock(LANE_LOCKS, lane))))

    def _place(self, connection: Connection, taken: list[int], end: Mapping[int, int]) -> list[int]:
        """Stand where the ledger says: only now, under the lock, is its word the last one."""
        recorded = self._next_offsets(self._topic)
        for lane in taken:
            self._stands_at[lane] = recorded.get(lane, 0)
            self._turn += 1
            self._served[lane] = self._turn
        empty = [lane for lane in taken if self._stands_at[lane] >= end[lane]]
        self._let_go(connection, empty)
        return [lane for lane in taken if lane not in empty]

    def _let_go(self, connection: Connection, lanes: Iterable[int]) -> None:
        for lane in lanes:
            connection.execute(select(func.pg_advisory_unlock(LANE_LOCKS, lane)))
            del self._stands_at[lane]

    def _read(self, connection: Connection, lane: int, count: int) -> list[Delivery]:
        stood_at = self._stands_at[lane]
        rows = connection.execute(
            select(bus_record.c.offset, *_BOUNDED, bus_record.c.arrived_at, bus_lane.c.key)
            .join(bus_lane, bus_lane.c.partition == bus_record.c.partition)
            .where(bus_record.c.topic == self._topic, bus_record.c.partition == lane, bus_record.c.offset >= stood_at)
            .order_by(bus_record.c.offset)
            .limit(count)
        )
        deliveries = []
        for row in rows:
            place = Position(self._topic, lane, row.offset)
            deliveries.append(Delivery(place, stood_at, row.arrived_at, _record(row.key, row.headers, row.value)))
            stood_at = row.offset + 1
        self._stands_at[lane] = stood_at
        return deliveries

    def _settle(self, connection: Connection, progress: list[Progress]) -> None:
        for step in progress:
            connection.execute(
                delete(bus_record).where(
                    bus_record.c.topic == step.topic,
                    bus_record.c.partition == step.partition,
                    bus_record.c.offset < step.next,
                )
            )
        self._let_go(
            connection, [step.partition for step in progress if self._stands_at.get(step.partition) == step.next]
        )
        connection.commit()
        if self._stands_at:
            self._watch(connection)

    def _session(self) -> Connection:
        """The session that holds the locks, inside a transaction."""
        if self._closed:
            raise BusUnavailable("this consumer is closed")
        if self._lost is not None:
            raise self._lost
        if self._connection is None:
            self._connection = self._engine.connect()
            self._connection.detach()  # its session must end with it, for the locks to end
        self._watch(self._connection)
        return self._connection

    def _watch(self, connection: Connection) -> None:
        """Have Postgres watch over the open transaction; this also opens one, and wakes the watch anew."""
        limit = f"{int(self._idle_limit_s * 1000)}ms"
        connection.execute(select(func.set_config("idle_in_transaction_session_timeout", limit, True)))

    def _forget(self) -> None:
        """End the session, and with it every lock."""
        self._stands_at.clear()
        self._lost = None
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError):
                connection.close()


def _record(key: bytes, headers: bytes | None, value: bytes | None) -> Record:
    """As it was published; what nobody of ours has written is handed out as unreadable, for it must stop no lane."""
    if headers is None or value is None:
        return unreadable(f"it is larger than {RECORD_LIMIT} bytes")
    try:
        return Record(key, unpack_headers(headers), value)
    except (ValueError, RecursionError) as error:
        log.warning("unreadable_record_found", key=key[:64], reason=str(error)[:200])
        return unreadable("its headers are not as this bus packs them")
