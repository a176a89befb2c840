"""The dashboard's health, and the line's as the ledger has it: pure functions from read models to metrics."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.gap import Gap
from core.health import Labels, Measured, gauge, gauges
from dashboard.read_models import CameraCounts, CameraRow


@dataclass(frozen=True, slots=True)
class LineState:
    """What Postgres and the bus say at one moment; None where one of them does not answer."""

    cameras: Sequence[CameraRow] | None
    waiting: int | None
    now: datetime
    gaps: Sequence[Gap] = ()


def line_metrics(state: LineState) -> Sequence[Measured]:
    """All that is measured, over all cameras heard of lately."""
    found: list[Measured] = [
        gauge("line_ledger_reachable", "Whether Postgres answers.", state.cameras is not None),
        gauge("line_bus_reachable", "Whether the bus said how much waits.", state.waiting is not None),
    ]
    if state.waiting is not None:
        found.append(gauge("line_bus_waiting_records", "Records on the bus that nobody has judged.", state.waiting))
    if state.cameras is not None:
        found += _gap_metrics(state.gaps)
    return [*found, *_camera_metrics(state.cameras or (), state.now)]


def _gap_metrics(gaps: Sequence[Gap]) -> Sequence[Measured]:
    """Alarm where it grows: each of these frames passed without a verdict."""
    frames: dict[Labels, float] = {}
    for gap in gaps:
        place = (gap.topic, str(gap.partition))
        frames[place] = frames.get(place, 0) + gap.frames
    return [
        gauge("line_bus_gap_frames_all", "Frames that the bus deleted unjudged.", sum(frames.values())),
        gauges("line_bus_gap_frames", "The same by partition.", frames, "topic", "partition"),
    ]


def reasons_to_wait(state: LineState) -> list[str]:
    """Why the pages have nothing new to show."""
    return [] if state.cameras is not None else ["Postgres does not answer: check DATABASE_URL"]


def _camera_metrics(rows: Sequence[CameraRow], now: datetime) -> Sequence[Measured]:
    ages: dict[Labels, float] = {
        (row.camera, row.product): (now - row.recent[0].key.captured_at).total_seconds() for row in rows if row.recent
    }
    return [
        _counted(rows, "captured", "Frames captured in runs that are not settled.", lambda counts: counts.captured),
        _counted(rows, "judged", "Frames of these that have a row.", lambda counts: counts.judged),
        _counted(rows, "unjudged", "Frames of these that have none yet.", lambda counts: counts.waiting),
        _counted(rows, "dropped", "Frames of these that were given up.", lambda counts: counts.dropped),
        gauges("line_ledger_newest_age_seconds", "Age of the newest frame with a row.", ages, "camera", "product"),
    ]


def _counted(rows: Sequence[CameraRow], name: str, meaning: str, of: Callable[[CameraCounts], int]) -> Measured:
    values: dict[Labels, float] = {(row.camera, row.product): of(row.counts) for row in rows}
    return gauges(f"line_ledger_{name}_frames", meaning, values, "camera", "product")
