"""The durable queue in Postgres: one lane per key, records in it numbered without holes. What both ends share.

A writer draws numbers under the lane's row lock, so whoever sees a number sees every record before it. A reader
locks the lane by an advisory lock instead: it holds it while frames are judged, and the camera must go on writing.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select

from core.adapters.database import translated
from core.adapters.schema import bus_lane
from core.errors import BusUnavailable, LedgerFull, LedgerUnavailable
from core.wire import TOPIC

Headers = tuple[tuple[str, bytes], ...]


def pack_headers(headers: Headers) -> bytes:
    """As JSON, for Postgres has no type for pairs in order with repeats."""
    return json.dumps([[name, base64.b64encode(value).decode()] for name, value in headers]).encode()


def unpack_headers(packed: bytes) -> Headers:
    """What `pack_headers` was given.

    Raises:
        ValueError: Somebody else packed it.
    """
    pairs = json.loads(packed)
    if not (isinstance(pairs, list) and all(map(_is_header, pairs))):
        raise ValueError("not a list of names and values")
    return tuple((name, base64.b64decode(value, validate=True)) for name, value in pairs)


def _is_header(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)


@contextmanager
def on_the_bus() -> Iterator[None]:
    """Name what Postgres cannot do just now, seen as a bus.

    Raises:
        BusUnavailable: It does not answer; trying again is safe.
    """
    try:
        with translated():
            yield
    except LedgerFull as error:
        raise BusUnavailable(str(error)) from error  # its own words, for the remedy is another
    except LedgerUnavailable as error:
        raise BusUnavailable(error.detail) from error


def ends(connection: Connection, topic: str) -> dict[int, int]:
    """Per lane, the number after its newest record."""
    lanes = connection.execute(select(bus_lane.c.partition, bus_lane.c.last_offset).where(bus_lane.c.topic == topic))
    return {partition: last + 1 for partition, last in lanes}


class PostgresBacklog:
    """Backlog: the lanes' ends minus the ledger's offsets."""

    def __init__(self, engine: Engine, next_offsets: Callable[[str], Mapping[int, int]], topic: str = TOPIC) -> None:
        self._engine = engine
        self._next_offsets = next_offsets
        self._topic = topic

    def waiting(self) -> int:
        """Over all lanes.

        Raises:
            BusUnavailable: Postgres does not answer.
        """
        with on_the_bus():
            recorded = self._next_offsets(self._topic)  # first: a record judged in between must not count as negative
            with self._engine.connect() as connection:
                return sum(max(0, end - recorded.get(lane, 0)) for lane, end in ends(connection, self._topic).items())
