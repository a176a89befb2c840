"""From results to rows: pure, so that what is written can be read without a database."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from core.inspection import Evidence, Failure, Inspection, Late, Refusal, Result
from core.verdict import Decision, ErrorReason
from core.verdict_message import key_of

Row = dict[str, Any]
Key = tuple[str, str, int]

DETAIL_LIMIT = 500
KEY_COLUMNS = ("camera", "start_id", "sequence")


def first_of_each(results: Iterable[Result]) -> dict[Key, Result]:
    """The results by natural key, in order; of a frame that came twice, the first."""
    found: dict[Key, Result] = {}
    for result in results:
        found.setdefault(key_of(result), result)
    return found


def is_mistimed(result: Result) -> TypeGuard[Failure]:
    """Whether the camera's clock is wrong, so that the row is filed under the broker's time."""
    return isinstance(result, Failure) and result.reason is ErrorReason.CLOCK


def is_quarantined(result: Result) -> TypeGuard[Failure | Refusal]:
    """Whether somebody should look at what came."""
    return isinstance(result, Refusal) or (isinstance(result, Failure) and result.quarantined)


def is_dropped(result: Result) -> bool:
    """Whether the camera had to give the frame up."""
    return isinstance(result, Failure) and result.reason is ErrorReason.DROPPED


def inspection_row(result: Result) -> Row:
    """The row of `inspection`."""
    position = result.arrival.position
    place = {"topic": position.topic, "partition": position.partition, "offset": position.offset}
    times = {"arrived_at": result.arrival.arrived_at, "judged_at": result.judged_at}
    return _filed(result) | _described(result) | _judged(result) | place | times | _kept(result.evidence)


def has_map(result: Result) -> TypeGuard[Inspection | Late]:
    """Whether a detector has seen it."""
    return isinstance(result, Inspection | Late)


def map_row(inspected: Inspection | Late) -> Row:
    """The row of `score_map`."""
    stored = inspected.map
    return _filed(inspected) | {"png": stored.png, "low": stored.low, "high": stored.high}


def quarantine_row(result: Failure | Refusal) -> Row:
    """The row of `quarantine`; `claimed_at` is what the camera's wrong clock said."""
    return _filed(result) | {
        "claimed_at": result.frame.captured_at if isinstance(result, Failure) else None,
        "reason": result.reason.value,
        "detail": storable(result.detail),
        "evidence_uri": result.evidence.frame_uri,
        "quarantined_at": result.judged_at,
    }


def camera_counts(results: Iterable[Result]) -> list[Row]:
    """What to add to each camera run, in a fixed order. A refused record belongs to no camera."""
    frames = [result for result in results if not isinstance(result, Refusal)]
    products = {(result.frame.id.camera, result.frame.id.start_id): result.frame.product for result in frames}
    counts = Counter((result.frame.id.camera, result.frame.id.start_id, result.decision) for result in frames)
    dropped = Counter((result.frame.id.camera, result.frame.id.start_id) for result in frames if is_dropped(result))
    seen_until: Counter[tuple[str, str]] = Counter()
    for result in frames:
        run = (result.frame.id.camera, result.frame.id.start_id)
        seen_until[run] = max(seen_until[run], result.frame.id.sequence + 1)
    return [
        {"camera": camera, "start_id": start_id, "product": products[camera, start_id]}
        | _by_decision({decision: counts[camera, start_id, decision] for decision in Decision})
        | {"judged_dropped": dropped[camera, start_id], "seen_until": seen_until[camera, start_id]}
        for camera, start_id in sorted(products)
    ]


def storable(words: str) -> str:
    """What Postgres can store of words that may come from anybody."""
    return words[:DETAIL_LIMIT].replace("\x00", "").encode(errors="replace").decode()


def _by_decision(counts: Mapping[Decision, int]) -> Row:
    return {decision.lower(): count for decision, count in counts.items()} | {"judged": sum(counts.values())}


def _filed(result: Result) -> Row:
    if isinstance(result, Refusal):
        moment = result.arrival.arrived_at
    else:
        moment = result.filed_at if isinstance(result, Failure) else result.frame.captured_at
    return {"captured_at": moment} | dict(zip(KEY_COLUMNS, key_of(result), strict=True))


def _described(result: Result) -> Row:
    if isinstance(result, Refusal):
        return {"product": "", "part_id": "", "lot": "", "sha256": ""}
    frame = result.frame
    return {"product": frame.product, "part_id": frame.part_id, "lot": frame.lot, "sha256": frame.sha256}


def _judged(result: Result) -> Row:
    if not isinstance(result, Inspection):
        nobody = dict.fromkeys(("score", "model_version_id", "threshold_id", "review_from", "reject_from"))
        told = {"reason": result.reason.value, "detail": storable(result.detail), "engine": ""}
        return {"decision": result.decision.value} | told | nobody | _scale(result)
    judge = result.judge
    return {
        "decision": result.decision.value,
        "reason": "",
        "detail": "",
        "engine": judge.engine,
        "score": result.verdict.score,
        "model_version_id": judge.model_version_id,
        "threshold_id": judge.threshold_id,
        "review_from": judge.threshold.review_from,
        "reject_from": judge.threshold.reject_from,
    }


def _scale(result: Failure | Late | Refusal) -> Row:
    """A late frame's map is shown on the scale of the limits it was held against."""
    if not isinstance(result, Late):
        return {}
    return {"review_from": result.threshold.review_from, "reject_from": result.threshold.reject_from}


def _kept(evidence: Evidence) -> Row:
    return {"frame_uri": evidence.frame_uri, "maps_uri": evidence.maps_uri}
