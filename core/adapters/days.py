"""Opens the days on which inspections can be filed, and says which are open."""

from collections.abc import Set
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, Engine, text

from core.adapters.database import translated
from core.adapters.migrate import PARTITION_NAME
from core.adapters.schema import PARTITIONED
from core.errors import LedgerUnavailable
from core.inspection import OpenDays

BACK = 7
"""Days before today: frames may wait on the bus for as long as it keeps them."""

AHEAD = 14
"""Days after today: how long nobody needs to look after the line."""

_PARTITIONS = text(
    "select relname from pg_inherits join pg_class on pg_class.oid = inhrelid"
    " where inhparent in (to_regclass('inspection'), to_regclass('score_map'))"
)
# The function does it with its owner's rights, so that a worker needs none over the tables. A database of an earlier
# version has no such function, and whoever migrates it may do it by hand.
_HAS_FUNCTION = text("select to_regprocedure('open_day(date)') is not null")
_TODAY = text("select (now() at time zone 'utc')::date")
_OPEN_DAY = text("select open_day(:day)")
_LOCK = text("select pg_advisory_xact_lock(hashtext('line.days'))")


def prepare_days(engine: Engine, today: date, back: int = BACK, ahead: int = AHEAD) -> list[date]:
    """Open the days from `back` before today to `ahead` after it that are not open yet; return those.

    Several may do it at once, and the line may run meanwhile: a table is made aside and then attached, which does
    not wait for those who write, nor they for it.
    """
    wanted = [today + timedelta(days=number) for number in range(-back, ahead + 1)]
    with translated(), engine.connect() as connection:
        missing = [day for day in wanted if day not in _complete_days(connection)]
        connection.rollback()
        return [day for day in missing if _open_day(connection, day)]


def open_days(engine: Engine) -> OpenDays:
    """Those around today, by Postgres' clock, without a gap; the newest where today is not open.

    Days that a worker with a wrong clock opened months ahead must not take the present ones' place.

    Raises:
        LedgerUnavailable: None is open, or Postgres does not answer.
    """
    with translated(), engine.connect() as connection:
        days, today = _complete_days(connection), connection.scalar(_TODAY)
    if not days:
        raise LedgerUnavailable("no day is open: run `python -m core migrate`")
    around = today if today in days else max(days)
    return OpenDays(_end_of_run(days, around, -1), _end_of_run(days, around, 1))


def _end_of_run(days: Set[date], day: date, step: int) -> date:
    while day + timedelta(days=step) in days:
        day += timedelta(days=step)
    return day


def _complete_days(connection: Connection) -> set[date]:
    """The days that every partitioned table has."""
    found = [PARTITION_NAME.fullmatch(name) for name in connection.scalars(_PARTITIONS)]
    pairs = {(match["table"], match["day"]) for match in found if match}
    days = [{day for table, day in pairs if table == wanted} for wanted in PARTITIONED]
    return {date.fromisoformat(day) for day in set.intersection(*days)}


def _open_day(connection: Connection, day: date) -> bool:
    """Open one day in one transaction; False where somebody was faster."""
    with connection.begin():
        connection.execute(_LOCK)
        if day in _complete_days(connection):
            return False
        if connection.scalar(_HAS_FUNCTION):
            connection.execute(_OPEN_DAY, {"day": day})
        else:
            for table in PARTITIONED:
                _attach(connection, table, day)
        return True


def _attach(connection: Connection, table: str, day: date) -> None:
    partition = f"{table}_{day:%Y%m%d}"
    start = datetime.combine(day, time(), UTC)
    connection.execute(text(f"create table {partition} (like {table} including all)"))
    connection.execute(
        text(
            f"alter table {table} attach partition {partition}"
            f" for values from ('{start.isoformat()}') to ('{(start + timedelta(days=1)).isoformat()}')"
        )
    )
