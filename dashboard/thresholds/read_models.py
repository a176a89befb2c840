"""What the Thresholds page reads: counts of scores, earlier limits, what people said, and the parts themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, and_, func, select

from core.adapters.ledger_reviews import STANDS
from core.adapters.schema import inspection, model_version, threshold
from core.adapters.schema_reviews import review
from core.adapters.schema_rollups import rollup
from core.review import Judgement
from core.rollup import NO_BIN, Grain
from core.verdict import Threshold
from dashboard.read_models import KEY, Part, part_of, reading, reading_counts

FINE_UP_TO = timedelta(days=8)
"""Spans up to this are counted by the hour, longer ones by the day."""
MOST_REVIEWS = 2000


@dataclass(frozen=True, slots=True)
class BinCount:
    """How many parts scored within one bin."""

    score_bin: int
    frames: int


@dataclass(frozen=True, slots=True)
class LimitsRow:
    """One row of the history: who set which limits of which model, when and why."""

    id: int
    model_version_id: int
    limits: Threshold
    at: datetime
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a person says of a part that this model scored."""

    score: float
    is_defect: bool


def score_counts(engine: Engine, product: str, model_version_id: int, since: datetime, now: datetime) -> list[BinCount]:
    """The scores this model gave the product's parts since then, counted in bins, lowest first."""
    grain = Grain.HOUR if now - since <= FINE_UP_TO else Grain.DAY
    query = (
        select(rollup.c.score_bin, func.sum(rollup.c.frames))
        .where(rollup.c.grain == grain.value, rollup.c.begins_at >= grain.begin_of(since))
        .where(rollup.c.product == product, rollup.c.model_version_id == model_version_id)
        .where(rollup.c.score_bin != NO_BIN)
        .group_by(rollup.c.score_bin)
        .order_by(rollup.c.score_bin)
    )
    with reading_counts(engine) as connection:
        return [BinCount(number, int(frames)) for number, frames in connection.execute(query)]


def limits_history(engine: Engine, product: str, limit: int) -> list[LimitsRow]:
    """The product's limits, of all its models, newest first."""
    query = (
        select(*threshold.c)
        .join(model_version, model_version.c.id == threshold.c.model_version_id)
        .where(model_version.c.product == product)
        .order_by(threshold.c.id.desc())
        .limit(limit)
    )
    with reading(engine) as connection:
        return [
            LimitsRow(
                row.id, row.model_version_id, Threshold(row.review_from, row.reject_from), row.at, row.who, row.why
            )
            for row in connection.execute(query)
        ]


def confirmed(
    engine: Engine, product: str, model_version_id: int, since: datetime, limit: int = MOST_REVIEWS
) -> list[Confirmed]:
    """What stands of what people said about parts since then that this model scored, highest score first.

    Of the newest defects and of the newest good parts up to the limit each: the many good ones push out no defect.
    """
    scored = (review.c.score.is_not(None), review.c.model_version_id == model_version_id)
    standing = (
        select(review.c.score)
        .where(review.c.product == product, review.c.captured_at >= since, STANDS, *scored)
        .order_by(review.c.captured_at.desc(), review.c.id.desc())
        .limit(limit)
    )
    with reading(engine) as connection:
        found = [
            Confirmed(score, judgement is Judgement.DEFECT)
            for judgement in (Judgement.DEFECT, Judgement.GOOD)
            for score in connection.scalars(standing.where(review.c.judgement == judgement.value))
        ]
    return sorted(found, key=lambda each: each.score, reverse=True)


def defects_below(
    engine: Engine, product: str, model_version_id: int, score: float, since: datetime, limit: int
) -> Sequence[Part]:
    """The parts since then that people confirmed as defects and this model scored lower, highest first.

    Those whose inspection is still there: what is counted may be more than what can be shown.
    """
    own = review.c
    standing = (own.product == product, own.model_version_id == model_version_id, own.captured_at >= since, STANDS)
    low = (own.judgement == Judgement.DEFECT.value, own.score < score)
    same = and_(*(own[column.name] == column for column in KEY), inspection.c.captured_at >= since)
    query: Select[Any] = select(*inspection.c).join(review, same).where(*standing, *low)
    with reading(engine) as connection:
        return [part_of(row) for row in connection.execute(query.order_by(own.score.desc()).limit(limit))]


def parts_between(
    engine: Engine, product: str, model_version_id: int, scores: tuple[float, float], since: datetime, limit: int
) -> Sequence[Part]:
    """The parts since then that this model scored from the first up to below the second score, highest first."""
    low, high = scores
    conditions: list[ColumnElement[bool]] = [
        inspection.c.product == product,
        inspection.c.score >= low,
        inspection.c.score < high,
        inspection.c.model_version_id == model_version_id,
        inspection.c.captured_at >= since,
    ]
    query: Select[Any] = select(*inspection.c).where(*conditions).order_by(inspection.c.score.desc()).limit(limit)
    with reading(engine) as connection:
        return [part_of(row) for row in connection.execute(query)]
