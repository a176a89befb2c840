"""The versions of a product with what they have judged, as the Models page reads them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, Subquery, case, func, select

from core.adapters.schema import model_version, promotion, threshold
from core.adapters.schema_rollups import rollup
from core.product import BundleRef, ModelVersion
from core.rollup import Grain
from core.verdict import Decision, Threshold
from dashboard.read_models import reading


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version: who registered it, its limits now, when it was promoted last, and what it judged."""

    version: ModelVersion
    who: str
    limits: Threshold | None
    promoted_at: datetime | None
    is_active: bool
    judged: int
    rejected: int


def versions(engine: Engine, product: str) -> list[VersionRow]:
    """All of the product, newest first."""
    newest, last, counted = _newest_limits(), _last_promotions(product), _counts(product)
    query = (
        select(
            model_version, newest.c.review_from, newest.c.reject_from, last.c.at, last.c.id.label("promotion_id"),
            counted.c.judged, counted.c.rejected,
        )
        .join(newest, (newest.c.model_version_id == model_version.c.id) & (newest.c.place == 1), isouter=True)
        .join(last, last.c.model_version_id == model_version.c.id, isouter=True)
        .join(counted, counted.c.model_version_id == model_version.c.id, isouter=True)
        .where(model_version.c.product == product)
        .order_by(model_version.c.id.desc())
    )  # fmt: skip
    with reading(engine) as connection:
        rows = list(connection.execute(query))
    active = max((row.promotion_id for row in rows if row.promotion_id), default=None)
    return [_version_row(row, active) for row in rows]


def _version_row(row: Row[Any], active: int | None) -> VersionRow:
    return VersionRow(
        ModelVersion(row.id, row.product, BundleRef(row.bundle_uri, row.bundle_sha256), row.created_at),
        row.who,
        Threshold(row.review_from, row.reject_from) if row.reject_from is not None else None,
        row.at,
        row.promotion_id is not None and row.promotion_id == active,
        int(row.judged or 0),
        int(row.rejected or 0),
    )


def _newest_limits() -> Subquery:
    return select(
        threshold.c.review_from,
        threshold.c.reject_from,
        threshold.c.model_version_id,
        func.row_number()
        .over(partition_by=threshold.c.model_version_id, order_by=threshold.c.id.desc())
        .label("place"),
    ).subquery()


def _last_promotions(product: str) -> Subquery:
    return (
        select(promotion.c.model_version_id, func.max(promotion.c.at).label("at"), func.max(promotion.c.id).label("id"))
        .where(promotion.c.product == product)
        .group_by(promotion.c.model_version_id)
        .subquery()
    )


def _counts(product: str) -> Subquery:
    """Of this product's parts, per version, from the days' counts."""
    rejected = case((rollup.c.decision == Decision.NG.value, rollup.c.frames), else_=0)
    return (
        select(
            rollup.c.model_version_id, func.sum(rollup.c.frames).label("judged"), func.sum(rejected).label("rejected")
        )
        .where(rollup.c.grain == Grain.DAY.value, rollup.c.product == product)
        .group_by(rollup.c.model_version_id)
        .subquery()
    )
