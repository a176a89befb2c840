"""What the plant is told of a result: one JSON object, with a key that lets a reader drop repeats."""

import json

from core.frame import FrameHeader
from core.inspection import Inspection, Refusal, Result


def key_of(result: Result) -> tuple[str, str, int]:
    """The natural key: camera, start id and sequence, or the place on the bus where the envelope is not trusted.

    The two never meet: `?` is in no camera's name.
    """
    if isinstance(result, Refusal):
        position = result.arrival.position
        return (f"?{position.topic}", str(position.partition), position.offset)
    frame = result.frame.id
    return (frame.camera, frame.start_id, frame.sequence)


def to_verdict_message(result: Result) -> str:
    """One line of JSON. The program a PLC chose (product) comes back with model and threshold beside the decision."""
    camera, start_id, sequence = key_of(result)
    told: dict[str, object] = {
        "camera": camera,
        "start_id": start_id,
        "sequence": sequence,
        "decision": result.decision,
        "judged_at": result.judged_at.isoformat(),
    }
    if not isinstance(result, Refusal):
        told |= _frame_part(result.frame)
    return json.dumps(told | _judgement_part(result))


def _frame_part(frame: FrameHeader) -> dict[str, object]:
    return {
        "product": frame.product,
        "part_id": frame.part_id,
        "lot": frame.lot,
        "captured_at": frame.captured_at.isoformat(),
    }


def _judgement_part(result: Result) -> dict[str, object]:
    if not isinstance(result, Inspection):
        return {"reason": result.reason, "detail": result.detail}
    threshold = result.judge.threshold
    return {
        "score": result.verdict.score,
        "review_from": threshold.review_from,
        "reject_from": threshold.reject_from,
        "model_version": result.judge.model_version_id,
        "engine": result.judge.engine,
    }
