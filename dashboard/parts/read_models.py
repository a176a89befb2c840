"""What the pages read of parts that several cameras see: read-only, no Streamlit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, func, select, true, values

from core.adapters.part_rows import to_part
from core.adapters.schema_parts import part_decision
from core.part import ID_STANDS_FOR, DecidedPart, Part
from core.verdict import Decision
from dashboard.read_models import reading

NEWEST_SHOWN = 20


def whole_part(engine: Engine, product: str, part_id: str, arrived_at: datetime) -> Part | None:
    """The part that a frame of this part id belongs to, by when the bus took it; None where it decided alone."""
    distance = func.abs(func.extract("epoch", part_decision.c.first_seen_at - arrived_at))
    query = (
        select(part_decision)
        .where(part_decision.c.product == product, part_decision.c.part_id == part_id)
        .where(distance <= ID_STANDS_FOR * part_decision.c.deadline_s)
        .order_by(distance, part_decision.c.id)
        .limit(1)
    )
    found = _parts(engine, query) if part_id else []
    return found[0] if found else None


def newest_parts_of(engine: Engine, products: Sequence[str], since: datetime) -> list[Part]:
    """The newest few of each of these products that were first seen since then: one query for the whole page."""
    if not products:
        return []
    named = values(part_decision.c.product, name="named").data([(name,) for name in sorted(set(products))])
    of_product = select(part_decision).where(part_decision.c.product == named.c.product)
    newest = _newest(of_product, part_decision.c.first_seen_at >= since, NEWEST_SHOWN).lateral("newest")
    return _parts(engine, select(*newest.c).select_from(named.join(newest, true())))


def incomplete_parts(engine: Engine, product: str, since: datetime, limit: int) -> list[DecidedPart]:
    """The newest parts that lacked a view, which no frame's own row shows; an empty product means all."""
    query = select(part_decision).where(part_decision.c.reason == "view missing")
    if product:
        query = query.where(part_decision.c.product == product)
    found = _parts(engine, _newest(query, part_decision.c.first_seen_at >= since, limit))
    return [part for part in found if isinstance(part, DecidedPart)]


@dataclass(frozen=True, slots=True)
class LotParts:
    """How many whole parts of some lots were decided, and how many of them went out."""

    inspected: int
    went_out: int


def parts_of_lots(engine: Engine, product: str, lots: Sequence[str], since: datetime) -> LotParts:
    """Each part once, however many cameras see it; it went out where all of them together let it."""
    own = part_decision.c
    went_out = func.count().filter(own.decision == Decision.OK.value)
    decided = (own.product == product, own.first_seen_at >= since, own.lot.in_(lots), own.decision.is_not(None))
    with reading(engine) as connection:
        return LotParts(*connection.execute(select(func.count(), went_out).where(*decided)).one())


def since_shown(now: datetime) -> datetime:
    """From when on parts are shown beside what is live."""
    return now - timedelta(minutes=10)


def _newest(query: Select[Any], recent: ColumnElement[bool], limit: int) -> Select[Any]:
    return query.where(recent).order_by(part_decision.c.first_seen_at.desc(), part_decision.c.id.desc()).limit(limit)


def _parts(engine: Engine, query: Select[Any]) -> list[Part]:
    with reading(engine) as connection:
        return [to_part(dict(row)) for row in connection.execute(query).mappings()]
