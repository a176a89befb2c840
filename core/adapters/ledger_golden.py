"""GoldenSet on Postgres, and how a review changes it in the review's own transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, RowMapping, func, insert, select, update

from core.adapters.database import translated
from core.adapters.ledger_audit import note
from core.adapters.review_rows import golden_part_of, golden_row, told_golden
from core.adapters.schema_reviews import golden_part
from core.errors import UnknownPart
from core.golden import WITHDRAWN_WHY, golden_of, golden_reason
from core.review import GoldenPart, Review

_COUNTS = golden_part.c.retired_at.is_(None)


@dataclass(frozen=True)
class PostgresGolden:
    """GoldenSet."""

    engine: Engine

    def add_golden(self, golden: GoldenPart) -> GoldenPart:
        """Unless it is there; the audit keeps who and why."""
        with translated(), self.engine.begin() as connection:
            lock_picture(connection, golden.sha256)
            known = _known(connection, golden.product, golden.sha256)
            if known is not None:
                return golden_part_of(dict(known))
            statement = insert(golden_part).values(golden_row(golden)).returning(golden_part)
            row = connection.execute(statement).mappings().one()
            note(connection, golden.added_at, golden.who, golden.why, _what(golden), None, told_golden(golden))
            return golden_part_of(dict(row))

    def golden(self, product: str) -> Sequence[GoldenPart]:
        """Oldest first."""
        query = select(golden_part).where(golden_part.c.product == product, _COUNTS).order_by(golden_part.c.id)
        with translated(), self.engine.connect() as connection:
            return [golden_part_of(dict(row)) for row in connection.execute(query).mappings()]

    def retire_golden(self, golden_id: int, at: datetime, who: str, why: str) -> None:
        """Marked, not deleted."""
        retired = {"retired_at": at, "retired_why": why, "review_id": None}
        statement = update(golden_part).where(golden_part.c.id == golden_id).values(retired).returning(golden_part)
        with translated(), self.engine.begin() as connection:
            row = connection.execute(statement).mappings().first()
            if row is None:
                raise UnknownPart(f"golden part {golden_id}")
            golden = golden_part_of(dict(row))
            note(connection, at, who, why, f"retired {_what(golden)}", told_golden(golden), None)


def lock_picture(connection: Connection, sha256: str) -> None:
    """Whether a picture is golden is decided by one transaction at a time."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(sha256, 0))))


def keep_golden(connection: Connection, said: Review, standing: Sequence[Review], at: datetime) -> None:
    """Make the picture of this review golden or not, as all that stands about it says, and note the change."""
    row = _known(connection, said.product, said.sha256)
    if row is not None and row["review_id"] is None:
        return  # added or retired by hand: no review changes that
    counted = row if row is not None and row["retired_at"] is None else None
    reason, old = golden_reason(standing), golden_part_of(dict(counted)) if counted else None
    if (counted["review_id"] if counted else None) == (reason.id if reason else None):
        return
    new = golden_of(reason, at) if reason else None
    _write(connection, row, new, reason.id if reason else 0, at)
    told = new or old
    if told:
        why = told.why if new else f"review {said.id}: {said.opinion.judgement.value}"
        note(connection, at, said.who, why, _what(told), told_golden(old), told_golden(new))


def _write(
    connection: Connection, row: RowMapping | None, new: GoldenPart | None, review_id: int, at: datetime
) -> None:
    """Rows stay: whoever may review may not delete."""
    if new:
        values = golden_row(new) | {"review_id": review_id, "retired_at": None, "retired_why": ""}
    else:
        values = {"retired_at": at, "retired_why": WITHDRAWN_WHY}
    if row is None:
        connection.execute(insert(golden_part).values(values))
    else:
        connection.execute(update(golden_part).where(golden_part.c.id == row["id"]).values(values))


def _known(connection: Connection, product: str, sha256: str) -> RowMapping | None:
    same = (golden_part.c.product == product, golden_part.c.sha256 == sha256)
    return connection.execute(select(golden_part).where(*same)).mappings().first()


def _what(golden: GoldenPart) -> str:
    return f"golden part {golden.product} {golden.sha256[:12]}"
