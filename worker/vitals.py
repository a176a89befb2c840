"""A worker's health: pure functions from what it counts and holds to metrics and reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.health import Histogram, Labels, Measured, Pulse, counter, counters, gauge, gauges, stuck
from worker.counts import Counts
from worker.forward_clock import REMEDY
from worker.meters import Meters
from worker.model_slot import Serving

FRESH_S = 30.0
"""A loop that has gone round this lately reaches bus and Postgres: it waits for both before its next round."""


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What a worker knows of itself at one moment; `waiting` is None where the bus does not say.

    `clock_behind_s`: how far the machine's clock was set back behind the one that the worker goes by.
    """

    counts: Counts
    meters: Meters
    serving: Mapping[str, Serving]
    missing: frozenset[str]
    waiting: int | None
    pulse: Pulse
    now: datetime
    clock_behind_s: float


def worker_metrics(state: WorkerState) -> Sequence[Measured]:
    """All that is measured."""
    return (*_frame_metrics(state.meters, state.now), *_effect_metrics(state.counts), *_line_metrics(state))


def reasons_to_restart(pulse: Pulse, stuck_after_s: float) -> list[str]:
    """A detector or a driver that hangs for longer than any patience of the worker's.

    Not a clock that was set back: only a person knows whether it is right by now, and `reasons_to_wait` asks for one.
    """
    return stuck(pulse, stuck_after_s)


def reasons_to_wait(state: WorkerState) -> list[str]:
    """Why no frame is judged at this moment, or none in time, though the process lives."""
    reasons = [f"the first model of {product} is loading" for product in sorted(state.missing)]
    if state.clock_behind_s:
        reasons.append(f"the machine's clock was set back by {state.clock_behind_s:.0f} s: {REMEDY}")
    if not state.pulse.has_begun:
        return [*reasons, "the first round waits for Postgres and for models"]
    if state.pulse.age_s > FRESH_S:
        reasons.append(f"the round in hand takes {state.pulse.age_s:.0f} s: bus, Postgres or artifacts are waited for")
    return reasons


def _frame_metrics(meters: Meters, now: datetime) -> Sequence[Measured]:
    ages = {labels: (now - moment).total_seconds() for labels, moment in dict(meters.newest).items()}
    return (
        counters(
            "line_frames_judged_total",
            "Frames recorded by this worker.",
            dict(meters.decisions),
            "camera",
            "product",
            "decision",
        ),
        counters("line_frame_errors_total", "ERROR frames by reason.", dict(meters.errors), "camera", "reason"),
        Histogram(
            "line_capture_to_verdict_seconds",
            "From the shutter (the camera's clock) to the verdict.",
            ("camera",),
            dict(meters.since_capture),
        ),
        Histogram(
            "line_arrival_to_verdict_seconds",
            "From the bus (the broker's clock) to the verdict.",
            ("camera",),
            dict(meters.since_arrival),
        ),
        gauges("line_newest_judged_age_seconds", "Age of the newest frame recorded by this worker.", ages, "camera"),
    )


def _effect_metrics(counts: Counts) -> Sequence[Measured]:
    told = {
        "batches": "Batches recorded.",
        "already_there": "Frames judged again whose row an earlier try had written.",
        "parts_closed": "Parts of several views that were closed for want of one.",
        "fenced": "Batches refused because another worker had them.",
        "refiled": "Batches filed again because a day had closed.",
        "board_unavailable": "Batches that the live board was not shown.",
        "settle_unavailable": "Batches that the bus was told of later.",
        "told": "Verdicts told to the plant.",
        "not_told": "Times the plant could not be told.",
    }
    return [counter(f"line_worker_{name}_total", meaning, getattr(counts, name)) for name, meaning in told.items()]


def _line_metrics(state: WorkerState) -> Sequence[Measured]:
    versions: dict[Labels, float] = {
        (product, serving.detector.engine): serving.active.model.id for product, serving in state.serving.items()
    }
    found: list[Measured] = [
        gauges("line_model_version", "The model version that judges.", versions, "product", "engine"),
        gauge("line_worker_round_age_seconds", "Seconds since the loop last went round.", state.pulse.age_s),
        gauge("line_worker_clock_behind_seconds", "How far the machine's clock was set back.", state.clock_behind_s),
        gauge("line_bus_reachable", "Whether the bus said how much waits.", state.waiting is not None),
    ]
    if state.waiting is not None:
        found.append(gauge("line_bus_waiting_records", "Records on the bus that nobody has judged.", state.waiting))
    return found
