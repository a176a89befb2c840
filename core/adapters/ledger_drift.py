"""Looks and DriftAlarms on Postgres."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import Insert, insert

from core.adapters.database import translated
from core.adapters.schema import inspection
from core.adapters.schema_drift import drift_alarm, look_rollup
from core.drift import DriftAlarm, DriftFound, DriftKind, KeptLook, LookCount
from core.verdict import Decision

COUNTED = ("begins_at", "camera", "lot", "parts", "beyond")


@dataclass(frozen=True)
class PostgresDrift:
    """Looks and DriftAlarms."""

    engine: Engine

    def kept_looks(
        self, product: str, model_version_id: int, since: datetime, until: datetime, most: int
    ) -> Sequence[KeptLook]:
        """By the index on product and time; drawn by a hash of start and number."""
        own = inspection.c
        drawn = func.row_number().over(
            partition_by=(own.camera, func.date_trunc("hour", own.captured_at, "UTC")),
            order_by=(func.md5(func.concat(own.start_id, "/", own.sequence)), own.captured_at),
        )
        seen = (
            select(own.captured_at, own.camera, own.lot, own.maps_uri, drawn.label("place"))
            .where(own.product == product, own.captured_at >= since, own.captured_at < until)
            .where(own.model_version_id == model_version_id, own.decision == Decision.OK.value, own.maps_uri != "")
            .subquery()
        )
        query = select(*(seen.c[name] for name in ("captured_at", "camera", "lot", "maps_uri")))
        query = query.where(seen.c.place <= most).order_by(seen.c.captured_at, seen.c.camera)
        with translated(), self.engine.connect() as connection:
            return [KeptLook(*row) for row in connection.execute(query)]

    def keep_looks(self, product: str, model_version_id: int, counts: Sequence[LookCount]) -> None:
        """In order, so that two stations that count the same hour do not wait for each other in a ring."""
        if not counts:
            return
        whose = {"product": product, "model_version_id": model_version_id}
        rows = [whose | {name: getattr(one, name) for name in COUNTED} for one in sorted(counts)]
        statement = insert(look_rollup).values(rows)
        written = {name: statement.excluded[name] for name in ("parts", "beyond")}
        with translated(), self.engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(constraint=look_rollup.primary_key, set_=written))

    def look_counts(self, product: str, model_version_id: int) -> Sequence[LookCount]:
        """By the key."""
        own = look_rollup.c
        query = select(*(own[name] for name in COUNTED)).where(
            own.product == product, own.model_version_id == model_version_id
        )
        with translated(), self.engine.connect() as connection:
            return [LookCount(*row) for row in connection.execute(query.order_by(own.begins_at, own.camera, own.lot))]

    def tell_drift(self, product: str, model_version_id: int, found: Sequence[DriftFound], at: datetime) -> None:
        """In one transaction: what is over, then what is found."""
        own = drift_alarm.c
        still = [(own.camera == one.camera) & (own.kind == one.kind.value) for one in found]
        is_told = (own.model_version_id == model_version_id) & or_(False, *still)
        over = update(drift_alarm).where(own.product == product, own.over_at.is_(None), ~is_told).values(over_at=at)
        with translated(), self.engine.begin() as connection:
            connection.execute(over)
            for one in sorted(found, key=lambda each: (each.camera, each.kind)):
                connection.execute(_raised(product, model_version_id, one, at))

    def drift_alarms(self, product: str) -> Sequence[DriftAlarm]:
        """A handful at most."""
        own = drift_alarm.c
        query = select(drift_alarm).where(own.product == product, own.over_at.is_(None)).order_by(own.camera, own.kind)
        with translated(), self.engine.connect() as connection:
            return [
                DriftAlarm(
                    row.product,
                    row.model_version_id,
                    DriftFound(row.camera, DriftKind(row.kind), row.since, row.lot, row.sentence),
                    row.raised_at,
                )
                for row in connection.execute(query)
            ]


def _raised(product: str, model_version_id: int, one: DriftFound, at: datetime) -> Insert:
    row = {
        "product": product,
        "model_version_id": model_version_id,
        "camera": one.camera,
        "kind": one.kind.value,
        "since": one.since,
        "lot": one.lot,
        "sentence": one.sentence,
        "raised_at": at,
    }
    statement = insert(drift_alarm).values(row)
    told = {name: statement.excluded[name] for name in ("since", "lot", "sentence")}
    # One that was over and comes back is raised anew.
    raised_at = case((drift_alarm.c.over_at.is_(None), drift_alarm.c.raised_at), else_=statement.excluded.raised_at)
    changes = told | {"raised_at": raised_at, "over_at": None}
    return statement.on_conflict_do_update(constraint=drift_alarm.primary_key, set_=changes)
