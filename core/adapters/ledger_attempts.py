"""Attempts on Postgres: one short transaction before each batch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from core.adapters.database import translated
from core.adapters.schema_workers import in_hand
from core.attempts import Hand, taken_alone, taken_together, tries_before
from core.inspection import Progress

Place = tuple[str, int]

# Should Postgres itself be stopped hard, the last notes may be gone: then a record is tried once more. Waiting for the
# disk before every batch would cost more than that.
UNHURRIED = text("set local synchronous_commit = off")


@dataclass(frozen=True)
class PostgresAttempts:
    """Attempts."""

    engine: Engine

    def take(self, progress: tuple[Progress, ...], owner: str) -> bool:
        """All partitions or none."""
        with translated(), self.engine.begin() as connection:
            noted = _noted(connection, progress)
            if any(tries_before(noted.get(_place(step)), step.first) for step in progress):
                return False
            _note(connection, {_place(step): taken_together(step) for step in progress}, owner)
            return True

    def take_one(self, progress: Progress, owner: str) -> int:
        """Counted and noted in one transaction."""
        with translated(), self.engine.begin() as connection:
            hand = taken_alone(_noted(connection, [progress]).get(_place(progress)), progress)
            _note(connection, {_place(progress): hand}, owner)
            return hand.first_tries

    def let_go(self, owner: str) -> None:
        """Only what is still this owner's."""
        with translated(), self.engine.begin() as connection:
            connection.execute(delete(in_hand).where(in_hand.c.owner == owner))


def _place(progress: Progress) -> Place:
    return progress.topic, progress.partition


def _noted(connection: Connection, progress: Iterable[Progress]) -> Mapping[Place, Hand]:
    connection.execute(UNHURRIED)
    places = tuple_(in_hand.c.topic, in_hand.c.partition)
    query = select(
        in_hand.c.topic,
        in_hand.c.partition,
        in_hand.c.first_offset,
        in_hand.c.until_offset,
        in_hand.c.first_tries,
        in_hand.c.tries,
    ).where(places.in_([_place(step) for step in progress]))
    return {(topic, partition): Hand(*hand) for topic, partition, *hand in connection.execute(query)}


def _note(connection: Connection, hands: Mapping[Place, Hand], owner: str) -> None:
    rows = [
        {
            "topic": topic,
            "partition": partition,
            "first_offset": hand.first,
            "until_offset": hand.until,
            "first_tries": hand.first_tries,
            "tries": hand.tries,
            "owner": owner,
            "taken_at": datetime.now(UTC),
        }
        for (topic, partition), hand in sorted(hands.items())
    ]
    statement = insert(in_hand).values(rows)
    changed = {column.name: statement.excluded[column.name] for column in in_hand.c if not column.primary_key}
    connection.execute(statement.on_conflict_do_update(constraint=in_hand.primary_key, set_=changed))
