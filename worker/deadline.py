"""A verdict that comes too late is none: the part has passed the ejector, and nobody may believe it was judged."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from core.inspection import Inspection, Late, Result


def held_to_deadlines(results: Iterable[Result], deadlines: Mapping[str, float], now: datetime) -> tuple[Result, ...]:
    """The results, in order; what is later than its product allows becomes Late. No deadline, or 0: never late."""
    return tuple(_held(result, deadlines, now) for result in results)


def is_late(arrived_at: datetime, deadline_s: float, now: datetime) -> bool:
    """Whether a verdict at this moment is later than allowed, counted from the bus's time. 0 allows any."""
    return deadline_s > 0 and (now - arrived_at).total_seconds() > deadline_s


def _held(result: Result, deadlines: Mapping[str, float], now: datetime) -> Result:
    if not isinstance(result, Inspection):
        return result
    deadline_s = deadlines.get(result.frame.product, 0.0)
    if not is_late(result.arrival.arrived_at, deadline_s, now):
        return result
    detail = _detail(result, deadline_s, now)
    return Late(result.frame, result.arrival, detail, result.evidence, now, result.judge.threshold, result.map)


def _detail(result: Inspection, deadline_s: float, now: datetime) -> str:
    took_s = (now - result.arrival.arrived_at).total_seconds()
    verdict, judge = result.verdict, result.judge
    return (
        f"the verdict came {took_s:.3f} s after the frame, allowed are {deadline_s:g} s; it would have been"
        f" {verdict.decision} with score {verdict.score:.6g} by model {judge.model_version_id}"
    )
