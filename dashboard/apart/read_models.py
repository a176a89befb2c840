"""Where two versions disagreed: the shadow runs of a product and their parts, worst first; read-only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, ScalarSelect, Select, case, func, literal, select, tuple_

from core.adapters.schema import inspection, threshold
from core.adapters.schema_retraining import disagreement, shadow, training_run
from core.shadow import ShadowKind
from core.verdict import Decision, Threshold
from dashboard.read_models import KEY, Part, PartKey, part_of, reading

MOST_RUNS = 200


@dataclass(frozen=True, slots=True)
class SideBySide:
    """One shadow run: `shadow_id`'s model scored the same parts as the one that judged. `apart`: of how many parts."""

    shadow_id: int
    judging: int
    beside: int
    began_at: datetime
    is_open: bool
    seen: int
    judging_rejected: int
    beside_rejected: int
    apart: int

    @property
    def versions(self) -> frozenset[int]:
        """The two, whichever of them judged."""
        return frozenset((self.judging, self.beside))


@dataclass(frozen=True, slots=True)
class Said:
    """What one version said of a part; `limits` are those it judged by then."""

    decision: Decision
    score: float
    limits: Threshold


@dataclass(frozen=True, slots=True)
class Apart:
    """A part of which the two said otherwise; `distance` between their scores, each in its own limits."""

    key: PartKey
    judging: Said
    beside: Said
    frame_uri: str
    distance: float

    @property
    def place(self) -> "Place":
        """Behind which the next page begins."""
        return Place(self.distance, self.key)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order from the worst disagreement down."""

    distance: float
    key: PartKey


def side_by_side(engine: Engine, product: str, limit: int = MOST_RUNS) -> list[SideBySide]:
    """The product's shadow runs that saw a part, newest first."""
    counted = select(func.count()).where(disagreement.c.shadow_id == shadow.c.id).scalar_subquery()
    # A candidate scores beside the model that its run was held against; afterwards that one beside the candidate.
    judging = case(
        (shadow.c.kind == ShadowKind.CANDIDATE.value, training_run.c.incumbent_id), else_=training_run.c.candidate_id
    ).label("judging")
    query = (
        select(shadow, judging, counted.label("apart"))
        .join(training_run, training_run.c.id == shadow.c.run_id)
        .where(shadow.c.product == product, shadow.c.seen > 0, judging.is_not(None))
        .order_by(shadow.c.id.desc())
        .limit(limit)
    )
    with reading(engine) as connection:
        return [_run(row) for row in connection.execute(query)]


def apart(engine: Engine, run: SideBySide, before: Place | None, limit: int) -> list[Apart]:
    """Where they said otherwise, the widest apart first; those behind the place where one is given."""
    rows = _measured(run).subquery()
    key = [rows.c[column.name] for column in KEY]
    query = select(rows)
    if before is not None:
        edge = (before.distance, before.key.captured_at, before.key.camera, before.key.start_id, before.key.sequence)
        query = query.where(tuple_(rows.c.distance, *key) < tuple_(*map(literal, edge)))
    ordered = query.order_by(rows.c.distance.desc(), *(column.desc() for column in key)).limit(limit)
    with reading(engine) as connection:
        return [_apart(row) for row in connection.execute(ordered)]


def parts_of(engine: Engine, keys: Sequence[PartKey]) -> Mapping[PartKey, Part]:
    """The inspections of these keys that are still there."""
    if not keys:
        return {}
    moments = [key.captured_at for key in keys]
    wanted = [(key.captured_at, key.camera, key.start_id, key.sequence) for key in keys]
    query = select(*inspection.c).where(
        inspection.c.captured_at.between(min(moments), max(moments)),  # lets Postgres skip the other days
        tuple_(*KEY).in_(wanted),
    )
    with reading(engine) as connection:
        return {part.key: part for part in map(part_of, connection.execute(query))}


def _measured(run: SideBySide) -> Select[Any]:
    own = disagreement.c
    limits = {
        f"{who}_{name}": _limit(version, name)
        for who, version in (("judging", run.judging), ("beside", run.beside))
        for name in ("review_from", "reject_from")
    }
    told = select(disagreement, *(limit.label(name) for name, limit in limits.items()))
    rows = told.where(own.shadow_id == run.shadow_id).subquery()
    shares = [
        rows.c.active_score / func.nullif(rows.c.judging_reject_from, 0),
        rows.c.shadow_score / func.nullif(rows.c.beside_reject_from, 0),
    ]
    return select(rows, func.coalesce(func.abs(shares[0] - shares[1]), 0.0).label("distance"))


def _limit(version: int, name: str) -> ScalarSelect[Any]:
    """What held when the part was captured; of a version that had none yet, its first."""
    held = threshold.c.at <= disagreement.c.captured_at
    newest = case((held, threshold.c.id), else_=-threshold.c.id)
    query = select(threshold.c[name]).where(threshold.c.model_version_id == version)
    return query.order_by(newest.desc()).limit(1).correlate(disagreement).scalar_subquery()


def _run(row: Row[Any]) -> SideBySide:
    counts = (row.seen, row.active_rejected, row.shadow_rejected, row.apart)
    return SideBySide(row.id, row.judging, row.model_version_id, row.began_at, row.ended_at is None, *counts)


def _apart(row: Row[Any]) -> Apart:
    key = PartKey(row.captured_at, row.camera, row.start_id, row.sequence)
    judging = Threshold(row.judging_review_from, row.judging_reject_from)
    beside = Threshold(row.beside_review_from, row.beside_reject_from)
    return Apart(
        key,
        Said(Decision(row.active_decision), row.active_score, judging),
        Said(Decision(row.shadow_decision), row.shadow_score, beside),
        row.frame_uri,
        row.distance,
    )
