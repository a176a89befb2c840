"""NightSlots on Postgres: a row per slot, and a lock that ends with the process that holds it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from core.adapters.database import leave, translated
from core.adapters.schema_retraining import night_slot
from core.errors import NightInterrupted
from core.ports import SLOT_TRIES

NIGHT_LOCKS = 0x6E697465
"""The space of our advisory locks: ASCII of "nite"."""

_IS_HELD = text(
    "select exists (select from pg_locks where locktype = 'advisory' and granted and objsubid = 2"
    " and database = (select oid from pg_database where datname = current_database())"
    " and classid = :space and objid::bigint = hashtext(:product)::bigint & 4294967295)"
)


@dataclass(frozen=True)
class PostgresNights:
    """NightSlots. The row makes a slot one; the lock keeps two runs of one product from going on side by side.

    A row that says "running" while its product's lock is free was left behind by a process that was killed.
    """

    engine: Engine

    @contextmanager
    def claim(self, product: str, slot: str, at: datetime, who: str) -> Iterator[bool]:
        """The lock first: who does not get it leaves no row, so that a slot may still be claimed after a long run."""
        connection = self._session()
        try:
            if not _is_ours(connection, product, slot, at, who):
                yield False
                return
            end = "failed"
            try:
                yield True
                end = "done"
            except NightInterrupted:
                end = "running"  # as a killed one leaves it: for another replica
                raise
            finally:
                if end != "running":
                    self._end(product, slot, end, who)
        finally:
            leave(connection)  # a session of its own: its lock ends with it, also where this process is killed

    def unfinished(self, since: datetime) -> Sequence[tuple[str, str]]:
        """By product."""
        left = (night_slot.c.state == "running", night_slot.c.tries < SLOT_TRIES, night_slot.c.claimed_at >= since)
        with translated(), self.engine.connect() as connection:
            found = connection.execute(select(night_slot.c.product, night_slot.c.slot).where(*left))
            return [(product, slot) for product, slot in found]

    def give_up(self, product: str, slot: str) -> bool:
        """Who holds the lock is looked up and not tried: a try would keep away whoever claims at this moment."""
        left = (night_slot.c.product == product, night_slot.c.slot == slot, night_slot.c.state == "running")
        with translated(), self.engine.begin() as connection:
            if connection.scalar(_IS_HELD, {"space": NIGHT_LOCKS, "product": product}):
                return False
            connection.execute(update(night_slot).where(*left).values(state="failed"))
        return True

    def _session(self) -> Connection:
        with translated():
            connection = self.engine.connect()
            connection.detach()
            return connection

    def _end(self, product: str, slot: str, state: str, who: str) -> None:
        """On a connection of its own: the one that holds the lock may have been lost during a long run.

        Then another may have the slot by now, and its state is theirs.
        """
        of_slot = (night_slot.c.product == product, night_slot.c.slot == slot, night_slot.c.who == who)
        with translated(), self.engine.begin() as connection:
            connection.execute(update(night_slot).where(*of_slot).values(state=state))


def _is_ours(connection: Connection, product: str, slot: str, at: datetime, who: str) -> bool:
    row = {"product": product, "slot": slot, "claimed_at": at, "who": who, "state": "running", "tries": 1}
    statement = insert(night_slot).values(row)
    left_behind = (night_slot.c.state == "running", night_slot.c.tries < SLOT_TRIES)
    with translated():
        locked = connection.scalar(select(func.pg_try_advisory_lock(NIGHT_LOCKS, func.hashtext(product))))
        if not locked:
            return False
        taken = statement.on_conflict_do_update(
            constraint=night_slot.primary_key,
            set_={"claimed_at": at, "who": who, "tries": night_slot.c.tries + 1},
            where=left_behind[0] & left_behind[1],
        )
        claimed = connection.execute(taken).rowcount == 1
        connection.commit()  # and no transaction stays open while the night runs
        return claimed
