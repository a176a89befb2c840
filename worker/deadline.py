"""A verdict that comes too late is none: the part has passed the ejector, and nobody may believe it was judged."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from core.inspection import Inspection, Late, Result

CLOCKS_APART_S = 2.0
"""Seconds by which the clocks of bus and worker may differ; beyond that a deadline cannot be held by them."""


def held_to_deadlines(results: Iterable[Result], deadlines: Mapping[str, float], now: datetime) -> tuple[Result, ...]:
    """The results, in order; what is later than its product allows becomes Late. No deadline, or 0: never late."""
    return tuple(_held(result, deadlines, now) for result in results)


def is_late(arrived_at: datetime, deadline_s: float, now: datetime) -> bool:
    """Whether a verdict at this moment is later than allowed, counted from the bus's time. 0 allows any.

    Where the frame arrives in the future, one of the two clocks is wrong and nobody can say that it is in time.
    """
    return deadline_s > 0 and not -CLOCKS_APART_S <= (now - arrived_at).total_seconds() <= deadline_s


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
    if took_s < 0:
        return (
            f"the worker's clock is {-took_s:.0f} s behind the bus's, so that nobody knows whether it was in time; it"
            f" would have been {verdict.decision} with score {verdict.score:.6g} by model {judge.model_version_id}"
        )
    return (
        f"the verdict came {took_s:.3f} s after the frame, allowed are {deadline_s:g} s; it would have been"
        f" {verdict.decision} with score {verdict.score:.6g} by model {judge.model_version_id}"
    )
