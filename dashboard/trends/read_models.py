"""What the Trends page reads: counts by step, what was changed when, what people confirmed, and lots."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, func, literal, select

from core.adapters.ledger_reviews import STANDS
from core.adapters.schema import inspection, model_version, promotion, threshold
from core.adapters.schema_retraining import training_run, training_step
from core.adapters.schema_reviews import review
from core.adapters.schema_rollups import lot_rollup, rollup
from core.adapters.schema_shift import alarm
from core.golden import REJECTED
from core.review import Judgement
from core.rollup import EPOCH
from core.verdict import Decision, Threshold
from dashboard.read_models import Part, part_of, reading, reading_counts
from dashboard.trends.spans import Span

MOST_REVIEWS = 2000
ALARM = "alarm: "
"""How a step of a run begins that says that it is the parts."""


@dataclass(frozen=True, slots=True)
class StepCount:
    """How many parts of one step ended alike, within one bin of scores."""

    begins_at: datetime
    decision: Decision
    score_bin: int
    frames: int


@dataclass(frozen=True, slots=True)
class Promoted:
    """Since when a model judges."""

    model_version_id: int
    at: datetime
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class LimitsSet:
    """Since when a model has which limits."""

    model_version_id: int
    limits: Threshold
    at: datetime
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class LotSeen:
    """A lot on one camera under one model."""

    lot: str
    camera: str
    model_version_id: int
    first_at: datetime
    last_at: datetime
    frames: int
    went_out: int


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """What the line itself found wrong, and when."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What stands of what people said about one part."""

    captured_at: datetime
    camera: str
    lot: str
    model_version_id: int | None
    decision: str
    judgement: Judgement
    kind: str

    @property
    def is_false_reject(self) -> bool:
        """A good part that the line did not let pass."""
        return self.judgement is Judgement.GOOD and self.decision in REJECTED

    @property
    def is_miss(self) -> bool:
        """A defect that the line let pass."""
        return self.judgement is Judgement.DEFECT and self.decision == Decision.OK


@dataclass(frozen=True, slots=True)
class Occurrences:
    """How many parts of a lot on one camera under one model people say have a kind of defect, and from when to when."""

    kind: str
    lot: str
    camera: str
    model_version_id: int | None
    first_at: datetime
    last_at: datetime
    parts: int


def step_counts(engine: Engine, product: str, camera: str, span: Span, now: datetime) -> list[StepCount]:
    """The product's counts, oldest first; an empty camera means all."""
    begins_at = func.date_bin(literal(span.step), rollup.c.begins_at, literal(EPOCH)).label("begins_at")
    groups = (begins_at, rollup.c.decision, rollup.c.score_bin)
    query = (
        select(*groups, func.sum(rollup.c.frames))
        .where(rollup.c.grain == span.grain.value, rollup.c.begins_at >= span.since(now), rollup.c.product == product)
        .group_by(*groups)
        .order_by(begins_at)
    )
    query = query.where(rollup.c.camera == camera) if camera else query
    with reading_counts(engine) as connection:
        return [StepCount(row[0], Decision(row[1]), row[2], int(row[3])) for row in connection.execute(query)]


def promotions(engine: Engine, product: str) -> list[Promoted]:
    """All of the product, oldest first."""
    columns = (promotion.c.model_version_id, promotion.c.at, promotion.c.who, promotion.c.why)
    query = select(*columns).where(promotion.c.product == product).order_by(promotion.c.id)
    with reading(engine) as connection:
        return [Promoted(*row) for row in connection.execute(query)]


def limits_set(engine: Engine, product: str) -> list[LimitsSet]:
    """All limits of all the product's models, oldest first."""
    query = (
        select(threshold)
        .join(model_version, model_version.c.id == threshold.c.model_version_id)
        .where(model_version.c.product == product)
        .order_by(threshold.c.id)
    )
    with reading(engine) as connection:
        return [
            LimitsSet(row.model_version_id, Threshold(row.review_from, row.reject_from), row.at, row.who, row.why)
            for row in connection.execute(query)
        ]


def lots_seen(engine: Engine, product: str, since: datetime) -> list[LotSeen]:
    """The product's lots of which a part was seen since then, by their first part."""
    own = lot_rollup.c
    went_out = func.coalesce(func.sum(own.frames).filter(own.decision == Decision.OK.value), 0)
    groups = (own.lot, own.camera, own.model_version_id)
    first = func.min(own.first_at)
    query = (
        select(*groups, first, func.max(own.last_at), func.sum(own.frames), went_out)
        .where(own.product == product, own.last_at >= since)
        .group_by(*groups)
        .order_by(first)
    )
    with reading(engine) as connection:
        return [LotSeen(*row[:5], int(row[5]), int(row[6])) for row in connection.execute(query)]


def occurrences(engine: Engine, product: str, since: datetime) -> list[Occurrences]:
    """Of each kind all that stands, by the first: "since when" is only true of all that people said."""
    own = review.c
    groups = (own.kind, own.lot, own.camera, own.model_version_id)
    first = func.min(own.captured_at)
    query = (
        select(*groups, first, func.max(own.captured_at), func.count())
        .where(own.product == product, own.captured_at >= since, STANDS)
        .where(own.judgement == Judgement.DEFECT.value, own.kind != "")
        .group_by(*groups)
        .order_by(first)
    )
    with reading(engine) as connection:
        return [Occurrences(*row) for row in connection.execute(query)]


def confirmations(engine: Engine, product: str, since: datetime, limit: int = MOST_REVIEWS) -> list[Confirmation]:
    """What people said against the line, of the newest parts captured since then, oldest part first."""
    false_reject = (review.c.judgement == Judgement.GOOD.value) & review.c.decision.in_(REJECTED)
    miss = (review.c.judgement == Judgement.DEFECT.value) & (review.c.decision == Decision.OK.value)
    standing = (
        select(review)
        .where(review.c.product == product, review.c.captured_at >= since, STANDS, false_reject | miss)
        .order_by(review.c.captured_at.desc(), review.c.id.desc())
        .limit(limit)
    )
    with reading(engine) as connection:
        return [
            Confirmation(
                row.captured_at,
                row.camera,
                row.lot,
                row.model_version_id,
                row.decision,
                Judgement(row.judgement),
                row.kind,
            )
            for row in reversed(connection.execute(standing).all())
        ]


def alarms_raised(engine: Engine, product: str, camera: str, since: datetime) -> list[AlarmRaised]:
    """What the line raised about the product since then, oldest first: of master parts, of drift, of parts."""
    own = (alarm.c.product == product, alarm.c.raised_at >= since)
    raised = select(alarm.c.raised_at, alarm.c.what).where(*own)
    if camera:
        raised = raised.where(alarm.c.camera.in_([camera, ""]))
    noted = (
        select(training_step.c.at, training_step.c.text)
        .join(training_run, training_run.c.id == training_step.c.run_id)
        .where(training_run.c.product == product, training_step.c.at >= since)
        .where(training_step.c.text.startswith(ALARM, autoescape=True))
    )
    with reading(engine) as connection:
        found = [AlarmRaised(*row) for query in (raised, noted) for row in connection.execute(query)]
    return sorted(found, key=lambda each: each.at)


def parts_named(engine: Engine, part_id: str, limit: int = 20) -> Sequence[Part]:
    """The inspections of a part with this id, newest first."""
    query: Select[Any] = select(*inspection.c).where(inspection.c.part_id == part_id)
    with reading(engine) as connection:
        return [
            part_of(row) for row in connection.execute(query.order_by(inspection.c.captured_at.desc()).limit(limit))
        ]
