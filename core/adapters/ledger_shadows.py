"""Shadows on Postgres."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.dialects.postgresql import insert

from core.adapters.database import translated
from core.adapters.review_rows import key_row
from core.adapters.schema import model_version, threshold
from core.adapters.schema_retraining import disagreement, shadow
from core.frame import FrameId
from core.product import BundleRef, ModelVersion
from core.review import PartKey
from core.shadow import Disagreement, OpenShadow, Seen, Shadow, ShadowKind
from core.verdict import Threshold

DECIDED = ("active_decision", "active_score", "shadow_decision", "shadow_score", "frame_uri")
_newest_threshold = (
    select(threshold.c.review_from, threshold.c.reject_from)
    .where(threshold.c.model_version_id == model_version.c.id)
    .order_by(threshold.c.id.desc())
    .limit(1)
    .lateral()
)
_OPEN = (
    select(shadow, model_version.c.bundle_uri, model_version.c.bundle_sha256, model_version.c.created_at)
    .add_columns(_newest_threshold.c.review_from, _newest_threshold.c.reject_from)
    .join(model_version, model_version.c.id == shadow.c.model_version_id)
    .join(_newest_threshold, shadow.c.id.is_not(None))
    .where(shadow.c.ended_at.is_(None))
    .order_by(shadow.c.product)
)


@dataclass(frozen=True)
class PostgresShadows:
    """Shadows."""

    engine: Engine

    def begin_shadow(self, shadow_run: Shadow) -> Shadow:
        """The open one of the product ends in the same transaction."""
        row = {field.name: getattr(shadow_run, field.name) for field in fields(Shadow) if field.name != "id"}
        is_open = (shadow.c.product == shadow_run.product, shadow.c.ended_at.is_(None))
        with translated(), self.engine.begin() as connection:
            connection.execute(update(shadow).where(*is_open).values(ended_at=shadow_run.began_at))
            written = insert(shadow).values(row | {"kind": shadow_run.kind.value}).returning(*shadow.c)
            return _shadow(dict(connection.execute(written).mappings().one()))

    def shadow_of(self, run_id: int) -> Shadow | None:
        """A product has a few in a day, and this is asked at a promotion."""
        of_run = (shadow.c.run_id == run_id, shadow.c.kind == ShadowKind.CANDIDATE.value)
        query = select(shadow).where(*of_run).order_by(shadow.c.id.desc()).limit(1)
        with translated(), self.engine.connect() as connection:
            row = connection.execute(query).mappings().first()
            return _shadow(dict(row)) if row else None

    def open_shadows(self) -> Sequence[OpenShadow]:
        """One query, for every worker asks every few seconds."""
        with translated(), self.engine.connect() as connection:
            return [_open(dict(row)) for row in connection.execute(_OPEN).mappings()]

    def note_seen(self, seen: Sequence[Seen], disagreements: Sequence[Disagreement]) -> None:
        """In one transaction."""
        with translated(), self.engine.begin() as connection:
            for one in seen:
                added = {name: shadow.c[name] + getattr(one, name) for name in ("seen", "active_rejected")}
                added["shadow_rejected"] = shadow.c.shadow_rejected + one.shadow_rejected
                connection.execute(update(shadow).where(shadow.c.id == one.shadow_id).values(added))
            rows = [
                {"shadow_id": one.shadow_id} | key_row(one.part) | {name: getattr(one, name) for name in DECIDED}
                for one in disagreements
            ]
            if rows:
                connection.execute(insert(disagreement).values(rows).on_conflict_do_nothing())

    def end_shadow(self, shadow_id: int, at: datetime) -> bool:
        """Of many who try one changes the row."""
        is_open = (shadow.c.id == shadow_id, shadow.c.ended_at.is_(None))
        with translated(), self.engine.begin() as connection:
            return connection.execute(update(shadow).where(*is_open).values(ended_at=at)).rowcount == 1

    def disagreements(self, shadow_id: int, limit: int) -> Sequence[Disagreement]:
        """By the key."""
        query = select(disagreement).where(disagreement.c.shadow_id == shadow_id)
        with translated(), self.engine.connect() as connection:
            found = connection.execute(query.order_by(disagreement.c.captured_at).limit(limit)).mappings()
            return [_disagreement(dict(row)) for row in found]


def _shadow(row: dict[str, Any]) -> Shadow:
    return Shadow(**{field.name: row[field.name] for field in fields(Shadow)} | {"kind": ShadowKind(row["kind"])})


def _open(row: dict[str, Any]) -> OpenShadow:
    bundle = BundleRef(row["bundle_uri"], row["bundle_sha256"])
    version = ModelVersion(row["model_version_id"], row["product"], bundle, row["created_at"])
    return OpenShadow(_shadow(row), version, Threshold(row["review_from"], row["reject_from"]))


def _disagreement(row: dict[str, Any]) -> Disagreement:
    part = PartKey(row["captured_at"], FrameId(row["camera"], row["start_id"], row["sequence"]))
    return Disagreement(row["shadow_id"], part, *(row[name] for name in DECIDED))
