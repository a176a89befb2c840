"""Leases on Postgres."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from core.adapters.database import translated
from core.adapters.review_rows import key_row
from core.adapters.schema_leases import review_lease
from core.frame import FrameId
from core.lease import HELD_FOR, Lease
from core.review import PartKey

KEY = tuple(review_lease.primary_key.columns)


@dataclass(frozen=True)
class PostgresLeases:
    """Leases. Rows are taken in the order of their keys, so that no two wait for each other in a circle.

    Those that ran out go on the way; what somebody else has in hand just then is stepped over.
    """

    engine: Engine

    def hold(self, parts: Sequence[PartKey], who: str, at: datetime) -> frozenset[PartKey]:
        """One statement: a row is written where there is none, it ran out, or it is one's own."""
        rows = [key_row(part) | {"who": who, "until": at + HELD_FOR} for part in sorted(set(parts))]
        if not rows:
            return frozenset()
        written = insert(review_lease).values(rows)
        free = or_(review_lease.c.until <= at, review_lease.c.who == who)
        taken = written.on_conflict_do_update(
            index_elements=KEY, set_={"who": written.excluded.who, "until": written.excluded.until}, where=free
        ).returning(*KEY)
        over = select(*KEY).where(review_lease.c.until <= at - HELD_FOR).with_for_update(skip_locked=True)
        with translated(), self.engine.begin() as connection:
            got = frozenset(_part(*row) for row in connection.execute(taken))
            connection.execute(delete(review_lease).where(tuple_(*KEY).in_(over)))
            return got

    def held(self, at: datetime) -> Sequence[Lease]:
        """A few rows: as many as there are parts on screens."""
        query = select(*KEY, review_lease.c.who, review_lease.c.until).where(review_lease.c.until > at).order_by(*KEY)
        with translated(), self.engine.connect() as connection:
            return [Lease(_part(*row[:4]), row.who, row.until) for row in connection.execute(query)]


def _part(captured_at: datetime, camera: str, start_id: str, sequence: int) -> PartKey:
    return PartKey(captured_at, FrameId(camera, start_id, sequence))
