"""What the Health page reads, as typed rows: cameras, the last day, and the quarantine. Read-only, no Streamlit."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Select, func, literal, select
from sqlalchemy import true as always

from core.adapters.schema import camera_run, inspection, quarantine
from core.verdict import Decision
from dashboard.read_models import CameraCounts, reading

BUCKET = timedelta(minutes=15)
DAY = timedelta(hours=24)
DAY_PATIENCE_MS = 15_000
"""A day's rows are many; they are asked for once a minute, however many look."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Silent:
    """A camera of which rows are known, but whose process never reported."""


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """A camera as the ledger knows it.

    `counts` are those of its newest run and of earlier ones that are not settled; `left_behind` frames of those
    earlier runs have no row. `overtaken` frames of the newest run have none though later ones do: the bus's retention
    deleted them. `newest_at` is when its newest frame with a row was captured.
    """

    camera: str
    product: str
    reported_at: datetime | Silent
    newest_at: datetime | Silent
    counts: CameraCounts
    left_behind: int
    overtaken: int = 0


@dataclass(frozen=True, slots=True)
class DayRow:
    """How many frames of one camera ended alike in one quarter of an hour, and how long the slowest took on the bus."""

    camera: str
    begins_at: datetime
    decision: Decision
    reason: str
    frames: int
    longest_s: float


@dataclass(frozen=True, slots=True)
class Quarantined:
    """How many frames wait in quarantine for one reason."""

    reason: str
    frames: int
    newest_at: datetime


def cameras(engine: Engine, reported_since: datetime) -> list[CameraHealth]:
    """All cameras heard of since then, by name.

    Raises:
        LedgerUnavailable: Postgres does not answer in time, or its tables are missing.
    """
    with reading(engine) as connection:
        return [_camera(row) for row in connection.execute(_cameras(reported_since))]


def day_rows(engine: Engine, now: datetime) -> list[DayRow]:
    """The last 24 hours in quarters of an hour, oldest first.

    Raises:
        LedgerUnavailable: Postgres does not answer in time.
    """
    begins_at = func.date_bin(literal(BUCKET), inspection.c.captured_at, literal(EPOCH)).label("begins_at")
    longest = func.max(func.extract("epoch", inspection.c.judged_at - inspection.c.arrived_at)).label("longest_s")
    groups = (inspection.c.camera, begins_at, inspection.c.decision, inspection.c.reason)
    query = (
        select(*groups, func.count().label("frames"), longest)
        .where(inspection.c.captured_at > now - DAY, inspection.c.captured_at <= now + BUCKET)
        .group_by(*groups)
        .order_by(begins_at, inspection.c.camera)
    )
    with reading(engine, DAY_PATIENCE_MS) as connection:
        return [
            DayRow(row.camera, row.begins_at, Decision(row.decision), row.reason, row.frames, float(row.longest_s))
            for row in connection.execute(query)
        ]


def quarantined(engine: Engine, since: datetime) -> list[Quarantined]:
    """What was quarantined since then by reason, most first.

    Raises:
        LedgerUnavailable: Postgres does not answer in time.
    """
    frames = func.count().label("frames")
    newest = func.max(quarantine.c.quarantined_at).label("newest_at")
    query = (
        select(quarantine.c.reason, frames, newest)
        .where(quarantine.c.quarantined_at >= since)
        .group_by(quarantine.c.reason)
        .order_by(frames.desc(), quarantine.c.reason)
    )
    with reading(engine) as connection:
        return [Quarantined(row.reason, row.frames, row.newest_at) for row in connection.execute(query)]


def _cameras(reported_since: datetime) -> Select[Any]:
    """The newest run of each camera, and every older one that still has frames without a row."""
    camera, reported_at = camera_run.c.camera, camera_run.c.reported_at
    place = func.row_number().over(partition_by=camera, order_by=reported_at.desc().nulls_last()).label("place")
    heard = func.max(reported_at).over(partition_by=camera).label("heard")
    run = select(camera_run, place, heard).subquery("run")
    first = run.c.place == 1
    captured = func.greatest(run.c.captured, run.c.judged)
    counted = (
        select(
            run.c.camera,
            func.max(run.c.product).filter(first).label("product"),
            func.max(run.c.heard).label("reported_at"),
            func.sum(captured).label("captured"),
            func.sum(run.c.judged).label("judged"),
            func.sum(run.c.dropped).label("dropped"),
            func.coalesce(func.sum(captured - run.c.judged).filter(~first), 0).label("left_behind"),
            func.max(func.least(run.c.seen_until, captured) - run.c.judged).filter(first).label("overtaken"),
        )
        .where((run.c.heard >= reported_since) | run.c.heard.is_(None), first | (run.c.captured > run.c.judged))
        .group_by(run.c.camera)
        .cte("counted")
    )
    newest = (
        select(inspection.c.captured_at.label("newest_at"))
        .where(inspection.c.camera == counted.c.camera)
        .order_by(inspection.c.captured_at.desc())
        .limit(1)
        .lateral("newest")
    )
    joined = counted.join(newest, always(), isouter=True)
    return select(counted, newest.c.newest_at).select_from(joined).order_by(counted.c.camera)


def _camera(row: Any) -> CameraHealth:
    counts = CameraCounts(int(row.captured), int(row.judged), int(row.dropped))
    reported_at, newest_at = row.reported_at or Silent(), row.newest_at or Silent()
    return CameraHealth(
        row.camera, row.product, reported_at, newest_at, counts, int(row.left_behind), max(0, row.overtaken)
    )
