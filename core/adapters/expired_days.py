"""Drops whole days of the partitioned tables, while the line writes and people read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy import Connection, Engine, text

from core.adapters.database import translated
from core.adapters.ledger_audit import note
from core.adapters.migrate import PARTITION_NAME
from core.errors import LedgerUnavailable

LOCK_WAIT = "2s"
"""A drop waits no longer for those who read: behind a waiting drop everybody else would queue."""

TRIES = 5
PAUSE_S = 3.0
WHO = "retention"

_PARTITIONS = text(
    "select relname, inhrelid is not null as attached, coalesce(inhdetachpending, false) as pending"
    " from pg_class left join pg_inherits on pg_class.oid = inhrelid"
    " where relkind = 'r' and relnamespace = current_schema()::regnamespace"
)

log = structlog.get_logger("core")


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one table. Not `attached`, or `pending`: an earlier drop was interrupted there."""

    table: str
    day: date
    attached: bool
    pending: bool

    @property
    def name(self) -> str:
        """The partition's."""
        return f"{self.table}_{self.day:%Y%m%d}"


def expired_days(engine: Engine, table: str, before: date) -> list[Day]:
    """The table's days before this one, oldest first, those that an interrupted drop left behind included."""
    with translated(), engine.connect() as connection:
        rows = list(connection.execute(_PARTITIONS))
    found = []
    for name, attached, pending in rows:
        match = PARTITION_NAME.fullmatch(name)
        if match and match["table"] == table and date.fromisoformat(match["day"]) < before:
            found.append(Day(table, date.fromisoformat(match["day"]), attached, pending))
    return sorted(found, key=lambda each: each.day)


def drop_day(engine: Engine, day: Day, at: datetime, rest: Callable[[float], object]) -> bool:
    """Drop it, tried a few times; False where somebody has used it all the while, and the next run tries again.

    Detached beside those who read and write, which can be interrupted halfway and is then finished; then dropped,
    which concerns nobody any more.
    """
    for number in range(TRIES):
        if number:
            rest(PAUSE_S)
        try:
            with translated(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text(f"set lock_timeout = '{LOCK_WAIT}'"))
                try:
                    _detach(connection, day)
                finally:
                    connection.execute(text("reset lock_timeout"))
            with translated(), engine.begin() as connection:
                connection.execute(text(f"set local lock_timeout = '{LOCK_WAIT}'"))
                connection.execute(text(f"drop table {day.name}"))
                note(connection, at, WHO, "older than the retention settings keep it", f"day {day.name}", None, None)
        except LedgerUnavailable as error:
            log.warning("day_not_dropped_yet", day=day.name, reason=error.detail)
            continue
        return True
    return False


def _detach(connection: Connection, day: Day) -> None:
    present = {name: (attached, pending) for name, attached, pending in connection.execute(_PARTITIONS)}
    attached, pending = present[day.name]
    if attached:
        how = "finalize" if pending else "concurrently"
        connection.execute(text(f"alter table {day.table} detach partition {day.name} {how}"))
