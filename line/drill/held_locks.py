"""Locks that a drill holds or looks for in Postgres, so that a worker stands still where it is to be killed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import text

from core.adapters.postgres_consumer import LANE_LOCKS
from core.adapters.schema import PARTITIONED
from line.drill.place import DrillLine

_DAYS_FROM_TODAY = text(
    "select relname from pg_inherits join pg_class on pg_class.oid = inhrelid"
    " where inhparent in (to_regclass('inspection'), to_regclass('score_map'))"
    " and right(relname, 8) >= to_char(now() at time zone 'utc', 'YYYYMMDD')"
)
_WAITS_TO_ATTACH = text(
    "select count(*) from pg_locks join pg_stat_activity using (pid)"
    " where not granted and relation = to_regclass('score_map') and application_name = 'worker'"
)
_LANES = text("select count(*) from pg_locks where locktype = 'advisory' and classid = :space and granted")


@contextmanager
def half_made_day(line: DrillLine) -> Iterator[Callable[[], bool]]:
    """Drop the (empty) partitions of today and later, then let nobody make more than a day's first half.

    Yields whether a worker stands there: the day's inspections have their partition, its maps wait for theirs.
    """
    engine = line.ledger.engine
    with engine.begin() as connection:
        for partition in list(connection.scalars(_DAYS_FROM_TODAY)):
            connection.execute(text(f"drop table {partition}"))
    with engine.connect() as holder, engine.connect() as looker:
        holder.execute(text("set local idle_in_transaction_session_timeout = 0"))
        holder.execute(text(f"lock table {PARTITIONED[1]} in share update exclusive mode"))

        def is_half_made() -> bool:
            waiting = looker.scalar(_WAITS_TO_ATTACH)
            looker.rollback()
            return bool(waiting)

        yield is_half_made
        holder.rollback()


def holds_a_lane(line: DrillLine) -> bool:
    """Whether somebody holds a camera's lane of the embedded bus."""
    with line.ledger.engine.connect() as connection:
        return bool(connection.scalar(_LANES, {"space": LANE_LOCKS}))


@contextmanager
def locked_cameras(line: DrillLine) -> Iterator[None]:
    """Hold every camera's row of the embedded bus, as a camera does that draws its numbers."""
    with line.ledger.engine.begin() as connection:
        connection.execute(text("select partition from bus_lane for update"))
        yield
