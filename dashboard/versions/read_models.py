"""The versions of a product with what they have judged, as the Models page reads them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, Select, Subquery, case, func, select

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
    with reading(engine) as connection:
        rows = list(connection.execute(_versions(product)))
    active = max((row.promotion_id for row in rows if row.promotion_id), default=None)
    return [_version(row, active) for row in rows]


def _versions(product: str) -> Select[Any]:
    newest, last, judged = _newest_limits(), _last_promotions(product), _judged(product)
    columns = (newest.c.review_from, newest.c.reject_from, last.c.at, last.c.promotion_id, *judged.c[1:])
    return (
        select(model_version, *columns)
        .join(newest, (newest.c.model_version_id == model_version.c.id) & (newest.c.place == 1), isouter=True)
        .join(last, last.c.model_version_id == model_version.c.id, isouter=True)
        .join(judged, judged.c.model_version_id == model_version.c.id, isouter=True)
        .where(model_version.c.product == product)
        .order_by(model_version.c.id.desc())
    )


def _newest_limits() -> Subquery:
    own = threshold.c
    place = func.row_number().over(partition_by=own.model_version_id, order_by=own.id.desc()).label("place")
    return select(own.review_from, own.reject_from, own.model_version_id, place).subquery()


def _last_promotions(product: str) -> Subquery:
    own = promotion.c
    last = select(own.model_version_id, func.max(own.at).label("at"), func.max(own.id).label("promotion_id"))
    return last.where(own.product == product).group_by(own.model_version_id).subquery()


def _judged(product: str) -> Subquery:
    own = rollup.c
    rejected = func.sum(case((own.decision == Decision.NG.value, own.frames), else_=0)).label("rejected")
    counted = select(own.model_version_id, func.sum(own.frames).label("judged"), rejected)
    of_days = counted.where(own.grain == Grain.DAY.value, own.product == product)
    return of_days.group_by(own.model_version_id).subquery()


def _version(row: Row[Any], active: int | None) -> VersionRow:
    return VersionRow(
        ModelVersion(row.id, row.product, BundleRef(row.bundle_uri, row.bundle_sha256), row.created_at),
        row.who,
        Threshold(row.review_from, row.reject_from) if row.reject_from is not None else None,
        row.at,
        row.promotion_id is not None and row.promotion_id == active,
        int(row.judged or 0),
        int(row.rejected or 0),
    )


def products(engine: Engine) -> list[str]:
    """Those that have a version, by name."""
    with reading(engine) as connection:
        return list(connection.scalars(select(model_version.c.product).distinct().order_by(model_version.c.product)))
