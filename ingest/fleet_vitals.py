"""A fleet's health: pure functions from what it knows and what its cameras reported to metrics and reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.camera import ConfiguredCamera
from core.camera_account import LOST_CONTACT
from core.health import Labels, Measured, Pulse, counters, gauge, gauges, stuck
from core.inspection import CameraRun
from ingest.vitals import MEANINGS

LABELS = ("camera", "product")
Values = Mapping[Labels, float]

REPORTED = ("captured", "dropped", "missed", "skipped")
"""What a camera tells the ledger by the name and in the meaning that its own process would serve it."""


@dataclass(frozen=True, slots=True)
class FleetState:
    """What a fleet knows at one moment.

    `unread` says why the rows cannot be read, and is empty where they can. `cameras` are those that should run,
    `running` have a process, `failed` ended by themselves and wait to be started again; `starts` counts all starts.
    `runs` holds each camera's newest report, as old as the ledger's.
    """

    stands_by: bool
    unread: str
    cameras: Sequence[ConfiguredCamera]
    refused: int
    running: frozenset[str]
    failed: frozenset[str]
    starts: Mapping[str, int]
    runs: Mapping[str, CameraRun]
    rounds: Pulse
    now: datetime


def fleet_metrics(state: FleetState) -> Sequence[Measured]:
    """One series per camera that should run, and the fleet's own."""
    return [*_camera_counters(state), *_camera_gauges(state), *_fleet_gauges(state)]


def reasons_to_restart(state: FleetState, stuck_after_s: float) -> list[str]:
    """The fleet's own loop hangs; a camera that hangs ends its process by itself."""
    return stuck(state.rounds, stuck_after_s)


def reasons_to_wait(state: FleetState) -> list[str]:
    """Why some camera's parts pass unseen at this moment."""
    if state.stands_by:
        return ["another fleet on this database runs the cameras: this one stands by"]
    reasons = [f"the cameras' rows cannot be read: {state.unread}"] if state.unread else []
    if not state.rounds.has_begun:
        reasons.append("the cameras' rows have not been read yet")
    reasons += [f"{name} has failed and is started again" for name in sorted(state.failed)]
    return reasons + [reason for name in sorted(state.running) if (reason := _unseen(name, state))]


def _unseen(name: str, state: FleetState) -> str:
    run = state.runs.get(name)
    if run is None or run.ended:
        return f"{name} has not reported yet"
    if state.now - run.reported_at > LOST_CONTACT:
        return f"{name} has not reported for {_age_s(state, run.reported_at):.0f} s"
    return f"{name} gives no picture: {run.silence}" if run.silence else ""


def _camera_counters(state: FleetState) -> list[Measured]:
    runs = _runs(state)
    on_bus = {labels: run.acknowledged for labels, run in runs.items()}
    starts: dict[Labels, float] = {(camera.name,): state.starts.get(camera.name, 0) for camera in state.cameras}
    told = {name: (MEANINGS[name], {labels: getattr(run, name) for labels, run in runs.items()}) for name in REPORTED}
    told["on_bus"] = ("Frames and announcements that the bus holds.", on_bus)
    return [
        *(counters(f"line_camera_{name}_total", said, counts, *LABELS) for name, (said, counts) in told.items()),
        counters("line_camera_starts_total", "Times that the camera's process was started.", starts, "camera"),
    ]


def _camera_gauges(state: FleetState) -> list[Measured]:
    runs = _runs(state)
    seen: Values = {labels: not run.silence for labels, run in runs.items()}
    pictures: Values = {labels: _age_s(state, run.last_frame_at) for labels, run in runs.items() if run.last_frame_at}
    reports: Values = {labels: _age_s(state, run.reported_at) for labels, run in runs.items()}
    running: Values = {(camera.name, camera.product): camera.name in state.running for camera in state.cameras}
    return [
        gauges("line_camera_seen", "Whether the camera gives pictures.", seen, *LABELS),
        gauges("line_camera_age_seconds", "Seconds since the last picture.", pictures, *LABELS),
        gauges("line_camera_report_age_seconds", "Seconds since the camera reported this.", reports, *LABELS),
        gauges("line_camera_running", "Whether the camera has a process.", running, *LABELS),
    ]


def _fleet_gauges(state: FleetState) -> list[Measured]:
    return [
        gauge("line_fleet_stands_by", "Whether another fleet runs the cameras.", state.stands_by),
        gauge("line_fleet_rows_readable", "Whether the cameras' rows can be read.", not state.unread),
        gauge("line_fleet_refused_rows", "Rows that no camera can run by.", state.refused),
        gauge("line_fleet_round_age_seconds", "Seconds since the fleet last looked at the rows.", state.rounds.age_s),
    ]


def _runs(state: FleetState) -> dict[Labels, CameraRun]:
    names = {camera.name for camera in state.cameras}
    return {(name, run.product): run for name, run in state.runs.items() if name in names}


def _age_s(state: FleetState, moment: datetime) -> float:
    return (state.now - moment).total_seconds()
