"""NightSlots on Postgres: a row per night, and a lock that ends with the process that holds it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects.postgresql import insert

from core.adapters.database import translated
from core.adapters.schema_retraining import night_slot

NIGHT_LOCKS = 0x6E697465
"""The space of our advisory locks: ASCII of "nite"."""


@dataclass(frozen=True)
class PostgresNights:
    """NightSlots. The row makes a night one; the lock keeps two nights of one product from running side by side."""

    engine: Engine

    @contextmanager
    def claim(self, product: str, night: date, at: datetime, who: str) -> Iterator[bool]:
        """The lock first: who does not get it leaves no row, so that a night may still be claimed after a long one."""
        connection = self._session()
        try:
            yield _is_ours(connection, product, night, at, who)
        finally:
            connection.close()  # a session of its own: its lock ends with it, also where this process is killed

    def _session(self) -> Connection:
        with translated():
            connection = self.engine.connect()
            connection.detach()
            return connection


def _is_ours(connection: Connection, product: str, night: date, at: datetime, who: str) -> bool:
    row = {"product": product, "night": night, "claimed_at": at, "who": who}
    with translated():
        locked = connection.scalar(select(func.pg_try_advisory_lock(NIGHT_LOCKS, func.hashtext(product))))
        if not locked:
            return False
        claimed = connection.execute(insert(night_slot).values(row).on_conflict_do_nothing()).rowcount == 1
        connection.commit()  # and no transaction stays open while the night runs
        return claimed
