"""How a camera, a worker and the bus are, in a word, with what to do about it: pure rules over what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.gap import Gap
from core.worker_report import WorkerReport
from dashboard.health.read_models import CameraHealth, DayRow, Silent
from dashboard.words import count_words, span_words

SILENT_AFTER_S = 15.0
"""Cameras report every second and workers every two: one that has not for so long is not there, or not reached."""
STOPPED_AFTER_S = 3600.0
"""A camera that has been silent for an hour was most likely stopped on purpose."""
ROUND_AGE_S = 30.0
"""A worker whose loop stands for so long waits for something."""
RATE_OVER = timedelta(minutes=30)
GAP_IS_NEWS = timedelta(days=1)
LOST_REMEDY = "Kafka deleted them before a worker came: add workers, or keep frames longer (retention.ms and .bytes)."


class Kind(StrEnum):
    """How much it matters: shown as word, shape and colour of the decisions' palette."""

    WELL = "ok"
    WATCH = "review"
    ACT = "ng"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class State:
    """How something is; `remedy` says what to do and is empty where there is nothing to do."""

    kind: Kind
    words: str
    remedy: str = ""


def camera_state(camera: CameraHealth, now: datetime, stale_after_s: float) -> State:
    """By its process first, then by its pictures."""
    if isinstance(camera.reported_at, Silent):
        return State(Kind.WATCH, "never reported", "Its process reaches the bus but not Postgres: check DATABASE_URL.")
    silent_s = (now - camera.reported_at).total_seconds()
    if silent_s > STOPPED_AFTER_S:
        return State(Kind.OFF, f"stopped {span_words(silent_s)} ago")
    if silent_s > SILENT_AFTER_S:
        return State(Kind.ACT, f"silent for {span_words(silent_s)}", "Look at its log, or start its process again.")
    return _by_pictures(camera, now, stale_after_s)


def _by_pictures(camera: CameraHealth, now: datetime, stale_after_s: float) -> State:
    if isinstance(camera.newest_at, Silent):
        return State(Kind.WATCH, "no frame judged yet", "If that stays so: does a worker run, has it a model?")
    age_s = (now - camera.newest_at).total_seconds()
    if age_s <= stale_after_s:
        return State(Kind.WELL, "running")
    if camera.counts.waiting:
        return State(Kind.WATCH, f"not judged for {span_words(age_s)}", "Frames wait: look at the workers below.")
    return State(Kind.WATCH, f"no frame for {span_words(age_s)}", "Does the line stand? Else look at the camera.")


def worker_state(report: WorkerReport, now: datetime) -> State:
    """By its own word where it still speaks."""
    silent_s = (now - report.reported_at).total_seconds()
    if report.ended:
        return State(Kind.OFF, f"ended {span_words(silent_s)} ago")
    if silent_s > SILENT_AFTER_S:
        remedy = "It ended without a word, or does not reach Postgres: look at its log; its supervisor starts the next."
        return State(Kind.ACT, f"silent for {span_words(silent_s)}", remedy)
    still_s = (report.reported_at - report.turned_at).total_seconds()
    if report.waits_for or still_s > ROUND_AGE_S:
        return State(Kind.WATCH, f"waits for {span_words(still_s)}", report.waits_for)
    return State(Kind.WELL, "judging")


def bus_state(waiting: int | None, judged_per_s: float, workers: Sequence[State], stale_after_s: float) -> State:
    """By how long what waits would take, at the rate of late."""
    if waiting is None:
        return State(Kind.ACT, "does not answer", "Check KAFKA_BOOTSTRAP_SERVERS or DATABASE_URL; cameras hold frames.")
    if not waiting:
        return State(Kind.WELL, "nothing waits")
    told = f"{count_words(waiting)} {'frame waits' if waiting == 1 else 'frames wait'}"
    if not any(worker.kind is Kind.WELL for worker in workers):
        return State(Kind.ACT, f"{told}, nobody judges", "Start a worker: python -m worker")
    work_s = waiting / judged_per_s if judged_per_s > 0 else 0.0
    if work_s <= stale_after_s:
        return State(Kind.WELL, told)
    return State(Kind.WATCH, f"{told}, {span_words(work_s)} of work", "If it grows, start another worker.")


def with_gaps(bus: State, gaps: Sequence[Gap], now: datetime) -> State:
    """The bus's state, unless there is nothing worse than frames that it lost in the last day."""
    fresh = [gap for gap in gaps if now - gap.found_at < GAP_IS_NEWS]
    if not fresh or bus.kind is Kind.ACT:
        return bus
    lost = sum(gap.frames for gap in fresh)
    ago = span_words((now - max(gap.found_at for gap in fresh)).total_seconds())
    return State(
        Kind.ACT, f"{count_words(lost)} {'frame' if lost == 1 else 'frames'} lost, found {ago} ago", LOST_REMEDY
    )


def gap_of(camera: CameraHealth, waiting: int | None) -> int | None:
    """Frames that will never be judged: those the bus lost, and those of earlier runs that are left when it is empty.

    None: not known.
    """
    if camera.left_behind and waiting != 0:
        return None
    return camera.left_behind + camera.overtaken


def judged_per_s(day: Sequence[DayRow], now: datetime) -> float:
    """Frames a second that the workers have judged of late; those that nobody had to judge do not count."""
    lately = [row for row in day if row.begins_at > now - RATE_OVER and row.reason != "dropped"]
    if not lately:
        return 0.0
    span = now - min(row.begins_at for row in lately)
    return sum(row.frames for row in lately) / max(1.0, span.total_seconds())
