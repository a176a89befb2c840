"""CameraRegistry, WorkerRegistry, TrainingBoard and Outbox on Postgres."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import Connection, Engine, Select, delete, exists, or_, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from core.adapters.database import translated
from core.adapters.ledger_rows import storable
from core.adapters.schema import camera_run, outbox, training_progress
from core.adapters.schema_workers import worker_report
from core.camera_account import RunCounts
from core.inspection import CameraRun, OutboxMessage, TrainingProgress
from core.worker_report import FORGOTTEN_AFTER, WorkerReport

_REPORTED = tuple(field.name for field in fields(CameraRun) if field.name not in ("camera", "start_id"))
_COUNTED = [field.name for field in fields(RunCounts) if field.name != "followed"]


@dataclass(frozen=True)
class PostgresCameras:
    """CameraRegistry, CameraCounters, NewestRuns. Whoever records the frames of a run counts them in the run's row."""

    engine: Engine

    def report(self, run: CameraRun) -> None:
        """The newest report wins; by its numbers too, for a camera's clock may have been set back."""
        statement = insert(camera_run).values(asdict(run) | {"silence": storable(run.silence)})
        newer = or_(
            camera_run.c.reported_at.is_(None),
            camera_run.c.reported_at <= statement.excluded.reported_at,
            camera_run.c.captured < statement.excluded.captured,
        )
        upsert = statement.on_conflict_do_update(
            constraint=camera_run.primary_key,
            set_={name: statement.excluded[name] for name in _REPORTED},
            where=newer,
        )
        with translated(), self.engine.begin() as connection:
            connection.execute(upsert)

    def runs(self) -> list[CameraRun]:
        """Newest report first; a run whose camera has not reported yet is left out."""
        return self._read(_reports().order_by(camera_run.c.reported_at.desc()))

    def newest_runs(self) -> list[CameraRun]:
        """Asked every few seconds: however often a camera was started, one row leaves Postgres for it."""
        newest = _reports().ext(distinct_on(camera_run.c.camera))
        return self._read(newest.order_by(camera_run.c.camera, camera_run.c.reported_at.desc()))

    def _read(self, query: Select[Any]) -> list[CameraRun]:
        with translated(), self.engine.connect() as connection:
            return [CameraRun(*row) for row in connection.execute(query)]

    def run_counts(self) -> list[RunCounts]:
        """By camera, in the order in which Postgres first heard of the runs."""
        with translated(), self.engine.connect() as connection:
            return read_run_counts(connection)


@dataclass(frozen=True)
class PostgresWorkers:
    """WorkerRegistry. Every start is a row of its own, so the silent ones are removed by those that report."""

    engine: Engine

    def report_worker(self, report: WorkerReport) -> None:
        """The newest report wins; by its numbers too, for a worker's clock may have been set back."""
        row = asdict(report)
        statement = insert(worker_report).values(row)
        upsert = statement.on_conflict_do_update(
            constraint=worker_report.primary_key,
            set_=row,
            where=or_(
                worker_report.c.reported_at <= statement.excluded.reported_at,
                worker_report.c.judged < statement.excluded.judged,
            ),
        )
        forgotten = worker_report.c.reported_at < report.reported_at - FORGOTTEN_AFTER
        with translated(), self.engine.begin() as connection:
            connection.execute(upsert)
            connection.execute(delete(worker_report).where(forgotten))

    def workers(self) -> list[WorkerReport]:
        """Newest report first."""
        query = select(worker_report).order_by(worker_report.c.reported_at.desc(), worker_report.c.owner)
        with translated(), self.engine.connect() as connection:
            return [WorkerReport(*row) for row in connection.execute(query)]


@dataclass(frozen=True)
class PostgresTrainings:
    """TrainingBoard."""

    engine: Engine

    def report_training(self, progress: TrainingProgress) -> None:
        """Replace."""
        row = asdict(progress)
        upsert = insert(training_progress).values(row)
        upsert = upsert.on_conflict_do_update(constraint=training_progress.primary_key, set_=row)
        with translated(), self.engine.begin() as connection:
            connection.execute(upsert)

    def trainings(self) -> list[TrainingProgress]:
        """By product name."""
        query = select(training_progress).order_by(training_progress.c.product)
        with translated(), self.engine.connect() as connection:
            return [TrainingProgress(*row) for row in connection.execute(query)]


@dataclass(frozen=True)
class PostgresOutbox:
    """Outbox. What was told is deleted: the inspections are the record, this is only what still has to leave."""

    engine: Engine

    def pending(self, limit: int) -> list[OutboxMessage]:
        """Oldest first."""
        query = select(outbox.c.id, outbox.c.camera, outbox.c.payload).order_by(outbox.c.id).limit(limit)
        with translated(), self.engine.connect() as connection:
            return [OutboxMessage(*row) for row in connection.execute(query)]

    def told(self, ids: Sequence[int]) -> None:
        """Delete them."""
        with translated(), self.engine.begin() as connection:
            connection.execute(delete(outbox).where(outbox.c.id.in_(ids)))


def read_run_counts(connection: Connection) -> list[RunCounts]:
    """All runs, as this connection's transaction sees them."""
    return [RunCounts(*row) for row in connection.execute(_run_counts())]


def _reports() -> Select[Any]:
    columns = (camera_run.c[name] for name in ("camera", "start_id", *_REPORTED))
    return select(*columns).where(camera_run.c.reported_at.is_not(None))


def _run_counts() -> Select[Any]:
    """A run is followed once a later one has judged frames.

    One that never reported follows nobody: it may have been heard of late, when its frames were judged.
    """
    later = camera_run.alias("later")
    follows = (later.c.camera == camera_run.c.camera) & (later.c.first_seen_at > camera_run.c.first_seen_at)
    followed = exists().where(follows, later.c.judged > 0, later.c.reported_at.is_not(None))
    columns = [camera_run.c[name] for name in _COUNTED]
    return select(*columns, followed).order_by(camera_run.c.camera, camera_run.c.first_seen_at)
