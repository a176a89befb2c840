"""Which parts match a filter, and what else is known of one part; read-only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, and_, exists, func, literal, select, tuple_

from core.adapters.ledger_reviews import STANDS
from core.adapters.schema import audit, inspection, product
from core.adapters.schema_reviews import review
from core.verdict import Decision
from dashboard.read_models import KEY, Part, PartKey, part_of, reading

NOT_OK = (Decision.NG, Decision.REVIEW, Decision.ERROR)
VIEWS_WITHIN = timedelta(minutes=2)
"""The views of one part are taken within this time of each other."""


@dataclass(frozen=True, slots=True)
class DefectFilter:
    """Which parts the gallery shows; what is empty or None means all. Shares are of the reject limit."""

    decisions: tuple[Decision, ...] = NOT_OK
    product: str = ""
    camera: str = ""
    lot: str = ""
    kind: str = ""
    model_version_id: int | None = None
    since: datetime | None = None
    share_from: float | None = None
    share_to: float | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the audit."""

    at: datetime
    who: str
    what: str
    why: str


def newest_parts(engine: Engine, wanted: DefectFilter, before: PartKey | None, limit: int) -> list[Part]:
    """The newest parts that match, newest first, those before the key where one is given."""
    query = select(*inspection.c).where(*_matching(wanted))
    if before is not None:
        edge = (literal(before.captured_at), literal(before.camera), literal(before.start_id), literal(before.sequence))
        query = query.where(inspection.c.captured_at <= before.captured_at, tuple_(*KEY) < tuple_(*edge))
    with reading(engine) as connection:
        return [part_of(row) for row in connection.execute(_newest_first(query).limit(limit))]


def count_newer(engine: Engine, wanted: DefectFilter, after: datetime, limit: int = 100) -> int:
    """How many matching parts were captured after this moment, counted up to the limit."""
    query = select(inspection.c.sequence).where(*_matching(wanted), inspection.c.captured_at > after).limit(limit)
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(query.subquery())) or 0


def other_views(engine: Engine, part: Part) -> list[Part]:
    """What other cameras, or the same one again, saw of this part around that time; nothing where it has no name."""
    if not part.part_id:
        return []
    about = inspection.c.captured_at.between(part.key.captured_at - VIEWS_WITHIN, part.key.captured_at + VIEWS_WITHIN)
    same = (inspection.c.part_id == part.part_id, inspection.c.product == part.product, inspection.c.lot == part.lot)
    with reading(engine) as connection:
        rows = connection.execute(_newest_first(select(*inspection.c).where(about, *same)).limit(20))
        return [found for found in map(part_of, rows) if found.key != part.key]


def changes_of(engine: Engine, part: Part, limit: int = 20) -> list[Change]:
    """What the audit holds about this part, newest first."""
    frame = f"{part.key.camera}/{part.key.start_id}/{part.key.sequence}"
    named = [f"review {frame}", f"golden part {part.product} {part.sha256[:12]}"]
    query = select(audit.c.at, audit.c.who, audit.c.what, audit.c.why).where(audit.c.what.in_(named))
    with reading(engine) as connection:
        return [Change(*row) for row in connection.execute(query.order_by(audit.c.id.desc()).limit(limit))]


def kinds_said(engine: Engine, limit: int = 5000) -> list[str]:
    """The kinds that products offer for a defect, and those that the newest reviews name, by name.

    Not every name that was ever given: reviews stay for ever, and to read them all would take longer each year.
    """
    newest = select(review.c.kind).order_by(review.c.id.desc()).limit(limit).subquery()
    with reading(engine) as connection:
        said = connection.scalars(select(newest.c.kind).where(newest.c.kind != "").distinct()).all()
        recipes = connection.scalars(select(product.c.recipe)).all()
    return sorted({*said, *(kind for recipe in recipes for kind in recipe.get("defect_kinds", ()))})


def _matching(wanted: DefectFilter) -> Sequence[ColumnElement[bool]]:
    row = inspection.c
    share = row.score / func.nullif(row.reject_from, 0)
    asked: list[tuple[object, Callable[[], ColumnElement[bool]]]] = [
        (wanted.product, lambda: row.product == wanted.product),
        (wanted.camera, lambda: row.camera == wanted.camera),
        (wanted.lot, lambda: row.lot == wanted.lot),
        (wanted.kind, lambda: _called(wanted.kind)),
        (wanted.model_version_id, lambda: row.model_version_id == wanted.model_version_id),
        (wanted.since, lambda: row.captured_at >= wanted.since),
        (wanted.until, lambda: row.captured_at < wanted.until),
        (wanted.share_from, lambda: share >= wanted.share_from),
        (wanted.share_to, lambda: share <= wanted.share_to),
    ]
    decided = row.decision.in_([decision.value for decision in wanted.decisions])
    return [decided, *(condition() for value, condition in asked if value not in ("", None))]


def _called(kind: str) -> ColumnElement[bool]:
    """Whether the standing review calls the part a defect of this kind."""
    same = and_(*(review.c[column.name] == column for column in KEY))
    return exists(select(review.c.id)).where(same, STANDS, review.c.kind == kind)


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(*(column.desc() for column in KEY))
