"""Runs, snapshots and the history of promotions on Postgres."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, null, select, update
from sqlalchemy.dialects.postgresql import insert

from core.adapters.database import translated
from core.adapters.schema import model_version, promotion, threshold
from core.adapters.schema_retraining import data_snapshot, training_run, training_step
from core.errors import UnknownModel
from core.product import BundleRef, ModelVersion
from core.retraining import (
    LearnedPart,
    Origin,
    Promotion,
    RunState,
    RunStep,
    Snapshot,
    TrainingRun,
    Use,
    snapshot_sha256,
)
from core.verdict import Threshold

AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class PostgresRuns:
    """TrainingRuns, Snapshots and PromotionHistory."""

    engine: Engine

    def begin_run(self, product: str, slot: str, at: datetime, who: str, why: str) -> TrainingRun:
        """The slot's row, new or as if new."""
        run = TrainingRun(0, product, slot, who, why, at)
        row = _run_row(run)
        statement = insert(training_run).values(row)
        again = statement.on_conflict_do_update(constraint="uq_training_run_product_slot", set_=row)
        with translated(), self.engine.begin() as connection:
            return _run(connection.execute(again.returning(*training_run.c)).one())

    def save_run(self, run: TrainingRun, instead_of: RunState | None = None) -> bool:
        """The row as a whole, looked at and written in one statement: between two of them somebody could cancel."""
        state = training_run.c.state
        may_be_written = state != RunState.CANCELLED.value if instead_of is None else state == instead_of.value
        is_same = (training_run.c.id == run.id, training_run.c.began_at == run.began_at)
        statement = update(training_run).where(*is_same, may_be_written).values(_run_row(run))
        with translated(), self.engine.begin() as connection:
            return connection.execute(statement).rowcount == 1

    def note_step(self, run_id: int, at: datetime, text: str) -> None:
        """One more row."""
        with translated(), self.engine.begin() as connection:
            connection.execute(insert(training_step).values(run_id=run_id, at=at, text=text))

    def steps(self, run_id: int) -> Sequence[RunStep]:
        """In the order in which they were noted."""
        of_run = select(training_step.c.at, training_step.c.text).where(training_step.c.run_id == run_id)
        with translated(), self.engine.connect() as connection:
            return [RunStep(*row) for row in connection.execute(of_run.order_by(training_step.c.id))]

    def training_runs(self, product: str, limit: int) -> Sequence[TrainingRun]:
        """By an index on product and id."""
        newest = select(training_run).where(training_run.c.product == product).order_by(training_run.c.id.desc())
        with translated(), self.engine.connect() as connection:
            return [_run(row) for row in connection.execute(newest.limit(limit))]

    def keep_snapshot(self, product: str, parts: Sequence[LearnedPart], at: datetime) -> Snapshot:
        """A row, unless the same pictures were kept before."""
        sha256 = snapshot_sha256(parts)
        told = [asdict(part) | {"captured_at": part.captured_at.isoformat()} for part in ordered(parts)]
        row = {"product": product, "made_at": at, "sha256": sha256, "parts": told}
        known = select(data_snapshot).where(data_snapshot.c.product == product, data_snapshot.c.sha256 == sha256)
        with translated(), self.engine.begin() as connection:
            connection.execute(insert(data_snapshot).values(row).on_conflict_do_nothing())
            return _snapshot(connection.execute(known).one())

    def snapshots(self, product: str) -> Sequence[Snapshot]:
        """Oldest first."""
        of_product = select(data_snapshot).where(data_snapshot.c.product == product).order_by(data_snapshot.c.id)
        with translated(), self.engine.connect() as connection:
            return [_snapshot(row) for row in connection.execute(of_product)]

    def promotions(self, product: str, limit: int) -> Sequence[Promotion]:
        """By an index on product and id."""
        columns = (promotion.c.model_version_id, promotion.c.at, promotion.c.who, promotion.c.why)
        newest = select(*columns).where(promotion.c.product == product).order_by(promotion.c.id.desc()).limit(limit)
        with translated(), self.engine.connect() as connection:
            return [Promotion(*row) for row in connection.execute(newest)]

    def model_version(self, model_version_id: int) -> tuple[ModelVersion, Threshold]:
        """With its newest threshold."""
        query = (
            select(model_version, threshold.c.review_from, threshold.c.reject_from)
            .join(threshold, threshold.c.model_version_id == model_version.c.id)
            .where(model_version.c.id == model_version_id)
            .order_by(threshold.c.id.desc())
            .limit(1)
        )
        with translated(), self.engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise UnknownModel(str(model_version_id))
        bundle = BundleRef(row.bundle_uri, row.bundle_sha256)
        version = ModelVersion(row.id, row.product, bundle, row.created_at)
        return version, Threshold(row.review_from, row.reject_from)


def ordered(parts: Sequence[LearnedPart]) -> list[LearnedPart]:
    """As a snapshot holds them."""
    return sorted(parts, key=lambda part: part.sha256)


def _run_row(run: TrainingRun) -> dict[str, Any]:
    row = {column.name: getattr(run, column.name) for column in training_run.c if column.name != "id"}
    figures = {name: null() if row[name] is None else dict(row[name]) for name in ("before", "after")}
    sentences = {name: list(row[name]) for name in ("reasons", "doubts", "verdict")}
    return row | figures | sentences | {"state": run.state.value}


def _run(row: AnyRow) -> TrainingRun:
    values = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name for a row as a mapping
    sentences = {name: tuple(values[name]) for name in ("reasons", "doubts", "verdict")}
    return TrainingRun(**values | sentences | {"state": RunState(values["state"])})


def _snapshot(row: AnyRow) -> Snapshot:
    return Snapshot(row.id, row.product, row.made_at, row.sha256, tuple(map(_part, row.parts)))


def _part(told: dict[str, str]) -> LearnedPart:
    return LearnedPart(
        told["sha256"],
        told["frame_uri"],
        datetime.fromisoformat(told["captured_at"]),
        told["lot"],
        told["camera"],
        Origin(told["origin"]),
        Use(told["use"]),
    )
