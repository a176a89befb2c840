"""Parts of several views on Postgres: every view is put to its part in the transaction that records its frame.

Who holds what, so that two workers with views of one part neither miss each other nor wait in a circle:

1. A transaction with views takes a lock per part name first, in one fixed order. It is what two workers that both
   begin the same part meet at, for a row that is not there yet cannot be locked.
2. Then the rows of these parts, by number. They are read after the first lock: what the other one wrote is seen.
3. The sweep locks only rows, and skips those in somebody's hands: it waits for nobody, so nobody waits in a circle.

Recording takes these after all other tables but the outbox, as every writer does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from sqlalchemy import Connection, Engine, Select, delete, insert, select, text, tuple_, update

from core.adapters.database import translated
from core.adapters.ledger_outbox import append_to_outbox
from core.adapters.part_rows import part_row, to_part
from core.adapters.schema_parts import part_decision
from core.part import ID_STANDS_FOR, DecidedPart, OpenPart, Part
from core.part_assembly import PartName, Sighting, newly_decided, put_together
from core.part_message import part_key, to_part_message

CLOSED_AT_ONCE = 200
"""Parts closed in one transaction: milliseconds, so that no batch waits long for their rows."""

FORGOTTEN_AT_ONCE = 5000

LOCKS = 4096
"""Part names share so many locks: a batch of any size stays far below what Postgres has room for."""

_LOCK = text("select pg_advisory_xact_lock(hashtext('line.parts'), place) from unnest(cast(:places as int[])) as place")


@dataclass(frozen=True)
class PostgresParts:
    """PartDecisions. `tells` says whether somebody reads the outbox."""

    engine: Engine
    tells: bool = False

    def close_overdue(self, now: datetime) -> list[DecidedPart]:
        """So many at a time, the longest overdue first."""
        closed: list[DecidedPart] = []
        while len(some := self._close_some(now)) == CLOSED_AT_ONCE:
            closed += some
        return closed + some

    def parts(self, product: str, limit: int) -> list[Part]:
        """Newest first."""
        of_product = select(part_decision).where(part_decision.c.product == product)
        newest = of_product.order_by(part_decision.c.first_seen_at.desc(), part_decision.c.id.desc()).limit(limit)
        with translated(), self.engine.connect() as connection:
            return [to_part(dict(row)) for row in connection.execute(newest).mappings()]

    def forget_parts(self, before: datetime) -> int:
        """A few thousand at a time, so that nobody waits long for a row."""
        old = select(part_decision.c.id).where(part_decision.c.first_seen_at < before)
        some = old.where(part_decision.c.decision.is_not(None)).limit(FORGOTTEN_AT_ONCE)
        forgotten = 0
        while True:
            with translated(), self.engine.begin() as connection:
                gone = connection.execute(delete(part_decision).where(part_decision.c.id.in_(some))).rowcount
            forgotten += gone
            if gone < FORGOTTEN_AT_ONCE:
                return forgotten

    def _close_some(self, now: datetime) -> list[DecidedPart]:
        """Each row is locked before it is read: a part that was completed meanwhile is not among them."""
        with translated(), self.engine.begin() as connection:
            open_parts = _numbered(connection, _overdue(now))
            closed = {number: part.closed(now) for number, part in open_parts.items() if isinstance(part, OpenPart)}
            _update(connection, closed)
            if self.tells:
                append_to_outbox(connection, ((part_key(part), to_part_message(part)) for part in closed.values()))
        return list(closed.values())


def record_views(connection: Connection, sightings: Sequence[Sighting]) -> list[DecidedPart]:
    """Put these views to their parts, and return the parts that are decided by it."""
    if not sightings:
        return []
    connection.execute(_LOCK, {"places": sorted({_place(sighting.name) for sighting in sightings})})
    known = _numbered(connection, _around(sightings))
    changed = put_together(known, sightings)
    _update(connection, {number: part for number, part in changed.items() if number > 0})
    begun = [part_row(part) for number, part in changed.items() if number < 0]
    if begun:
        connection.execute(insert(part_decision), begun)
    return newly_decided(known, changed)


def _place(name: PartName) -> int:
    return crc32("\n".join(name).encode()) % LOCKS


def _around(sightings: Sequence[Sighting]) -> Select[tuple[object, ...]]:
    """The parts of these names that one of the frames may belong to."""
    seen = [sighting.view.arrived_at for sighting in sightings]
    reach: timedelta = ID_STANDS_FOR * max(sighting.plan.deadline for sighting in sightings)
    names = {sighting.name for sighting in sightings}
    return (
        select(part_decision)
        .where(tuple_(part_decision.c.product, part_decision.c.part_id).in_(sorted(names)))
        .where(part_decision.c.first_seen_at.between(min(seen) - reach, max(seen) + reach))
        .order_by(part_decision.c.id)
        .with_for_update()
    )


def _overdue(now: datetime) -> Select[tuple[object, ...]]:
    return (
        select(part_decision)
        .where(part_decision.c.decision.is_(None), part_decision.c.closes_at <= now)
        .order_by(part_decision.c.closes_at, part_decision.c.id)
        .limit(CLOSED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )


def _numbered(connection: Connection, query: Select[tuple[object, ...]]) -> dict[int, Part]:
    return {row["id"]: to_part(dict(row)) for row in connection.execute(query).mappings()}


def _update(connection: Connection, parts: Mapping[int, Part]) -> None:
    for number, part in sorted(parts.items()):
        connection.execute(update(part_decision).where(part_decision.c.id == number).values(part_row(part)))
