"""From read models to the Health page: pure, every word and drawing decided here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from core.gap import Gap
from core.verdict import Decision
from core.worker_report import WorkerReport
from dashboard.charts import SHAPES, decision_class, decision_mark
from dashboard.health.day_charts import DayAxis, decisions_strip, delay_strip, tallest_quarter, time_axis
from dashboard.health.read_models import CameraHealth, DayRow, Quarantined, Silent
from dashboard.health.states import (
    GAP_IS_NEWS,
    Kind,
    State,
    bus_state,
    camera_state,
    gap_of,
    judged_per_s,
    with_gaps,
    worker_state,
)
from dashboard.words import count_words, span_words

MARKS = {
    Kind.WELL: SHAPES[Decision.OK],
    Kind.WATCH: SHAPES[Decision.REVIEW],
    Kind.ACT: SHAPES[Decision.NG],
    Kind.OFF: '<circle cx="8" cy="8" r="4.7" fill="none" stroke="currentColor" stroke-width="1.6"/>',
}
"""The decisions' shapes, without their words: the state's own words stand beside."""

UNKNOWN = "\u2013"
RECENT_WORKERS = 12


@dataclass(frozen=True, slots=True)
class HealthView:
    """What is known at one moment; `waiting` is None where the bus does not say."""

    taken_at: datetime
    cameras: tuple[CameraHealth, ...] = ()
    workers: tuple[WorkerReport, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    waiting: int | None = None
    gaps: tuple[Gap, ...] = ()


def health_data(
    view: HealthView, day: Sequence[DayRow], now: datetime, zone: tzinfo, stale_after_s: float
) -> dict[str, Any]:
    """Everything the page's component draws."""
    axis = DayAxis.until(now, zone)
    states = [worker_state(report, now) for report in view.workers]
    bus = with_gaps(bus_state(view.waiting, judged_per_s(day, now), states, stale_after_s), view.gaps, now)
    slowest = max((row.longest_s for row in day), default=0.0)
    return {
        "bus": _told(bus) | {"delay": delay_strip(day, axis, slowest), "slowest": _slowest(day, slowest)},
        "axis": time_axis(axis),
        "cameras": _camera_rows(view, day, now, axis, stale_after_s),
        "workers": [_worker_row(report, state, now) for report, state in _shown(view.workers, states)],
        "gaps": [_gap_row(gap, now) for gap in view.gaps],
        "reasons": _reason_rows(view.quarantined, day, now),
        "frames": f"{count_words(sum(row.frames for row in day))} frames in the last 24 hours",
    }


def _camera_rows(
    view: HealthView, day: Sequence[DayRow], now: datetime, axis: DayAxis, stale_after_s: float
) -> list[dict[str, Any]]:
    tallest = tallest_quarter(day)
    rows = []
    for camera in view.cameras:
        strip = decisions_strip([row for row in day if row.camera == camera.camera], axis, tallest)
        cells = _camera_cells(camera, gap_of(camera, view.waiting), now)
        told = _told(camera_state(camera, now, stale_after_s))
        rows.append(
            told | {"key": camera.camera, "name": camera.camera, "note": camera.product, "cells": cells, "chart": strip}
        )
    return rows


def _camera_cells(camera: CameraHealth, gap: int | None, now: datetime) -> list[str]:
    counts = camera.counts
    age = UNKNOWN if isinstance(camera.newest_at, Silent) else _ago(camera.newest_at, now)
    numbers = (counts.captured, counts.judged, counts.waiting - (gap or 0), counts.dropped)
    return [age, *map(count_words, numbers), UNKNOWN if gap is None else count_words(gap)]


def _shown(workers: Sequence[WorkerReport], states: Sequence[State]) -> list[tuple[WorkerReport, State]]:
    """Those that run or should, then the last ones that ended: every start is a worker of its own."""
    pairs = sorted(zip(workers, states, strict=True), key=lambda pair: pair[1].kind is Kind.OFF)
    return pairs[:RECENT_WORKERS]


def _worker_row(report: WorkerReport, state: State, now: datetime) -> dict[str, Any]:
    counts = map(count_words, (report.judged, report.errors, report.fenced))
    up = span_words((report.reported_at - report.started_at).total_seconds())
    cells = [_ago(report.turned_at, now), up, *counts]
    return _told(state) | _row(report.owner, report.owner, report.models, cells)


def _gap_row(gap: Gap, now: datetime) -> dict[str, Any]:
    kind = Kind.ACT if now - gap.found_at < GAP_IS_NEWS else Kind.OFF
    place = f"{gap.topic}/{gap.partition}"
    cells = [count_words(gap.frames), str(gap.first), str(gap.until), _ago(gap.found_at, now)]
    cameras = ", ".join(gap.cameras) or "no camera that is known"
    return _told(State(kind, "never judged")) | _row(f"{place}/{gap.first}", cameras, place, cells)


def _reason_rows(held: Sequence[Quarantined], day: Sequence[DayRow], now: datetime) -> list[dict[str, Any]]:
    """Every reason of the last day, most frames first; what waits in quarantine is among them."""
    frames: dict[str, int] = {}
    for row in day:
        if row.reason:
            frames[row.reason] = frames.get(row.reason, 0) + row.frames
    total = sum(row.frames for row in day)
    kept = {each.reason: each for each in held}
    reasons = sorted({*frames, *kept}, key=lambda reason: (-frames.get(reason, 0), reason))
    return [_reason_row(reason, frames.get(reason, 0), total, kept.get(reason), now) for reason in reasons]


def _reason_row(reason: str, frames: int, total: int, held: Quarantined | None, now: datetime) -> dict[str, Any]:
    share = f"{1000 * frames / total:.1f} \u2030" if total else UNKNOWN
    quarantined = [count_words(held.frames), _ago(held.newest_at, now)] if held else ["0", UNKNOWN]
    cells = [count_words(frames), share, *quarantined]
    kind, mark = decision_class(Decision.ERROR), decision_mark(Decision.ERROR)
    told = {"kind": kind, "mark": mark, "words": reason, "remedy": ""}
    return told | _row(reason, "", "", cells)


def _row(key: str, name: str, note: str, cells: list[str], chart: str = "") -> dict[str, Any]:
    return {"key": key, "name": name, "note": note, "cells": cells, "chart": chart}


def _told(state: State) -> dict[str, Any]:
    mark = f'<svg class="mark" viewBox="0 0 16 16" aria-hidden="true" fill="currentColor">{MARKS[state.kind]}</svg>'
    return {"kind": state.kind.value, "mark": mark, "words": state.words, "remedy": state.remedy}


def _ago(moment: datetime, now: datetime) -> str:
    return span_words((now - moment).total_seconds())


def _slowest(day: Sequence[DayRow], slowest: float) -> str:
    if not day:
        return "no frames in the last 24 hours"
    return f"slowest verdict {1000 * slowest:.0f} ms" if slowest < 10 else f"slowest verdict {span_words(slowest)}"
