"""Parts as rows of `part_decision`, and back: pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from core.adapters.ledger_rows import Row, storable
from core.frame import FrameId
from core.part import DecidedPart, OpenPart, Part, View, ViewPlan
from core.part_assembly import seen_of
from core.verdict import Decision


def part_row(part: Part) -> Row:
    """The row, but for its number."""
    seen = seen_of(part)
    return {
        "product": seen.product,
        "part_id": seen.part_id,
        "lot": seen.lot,
        "first_seen_at": seen.first_seen_at,
        "closes_at": seen.closes_at,
        "cameras": list(seen.plan.cameras),
        "deadline_s": seen.plan.deadline_s,
        "views": _to_json(seen.views),
        "missing": list(seen.missing),
    } | _decided(part)


def to_part(row: Mapping[str, Any]) -> Part:
    """The part that `part_row` came from."""
    plan = ViewPlan(tuple(row["cameras"]), row["deadline_s"])
    seen = OpenPart(row["product"], row["part_id"], row["lot"], plan, _from_json(row["views"]))
    if row["decided_at"] is None:
        return seen
    return DecidedPart(seen, row["decided_at"], _from_json(row["late"]))


def _decided(part: Part) -> Row:
    if isinstance(part, OpenPart):
        return {"late": [], "decision": None, "reason": "", "detail": "", "decided_at": None}
    return {
        "late": _to_json(part.late),
        "decision": part.decision.value,
        "reason": part.reason,
        "detail": storable(part.detail),
        "decided_at": part.decided_at,
    }


def _to_json(views: Iterable[View]) -> list[dict[str, Any]]:
    return [
        {
            "camera": view.frame_id.camera,
            "start_id": view.frame_id.start_id,
            "sequence": view.frame_id.sequence,
            "captured_at": view.captured_at.isoformat(),
            "decision": view.decision.value,
            "reason": view.reason,
            "arrived_at": view.arrived_at.isoformat(),
            "judged_at": view.judged_at.isoformat(),
            "frames": view.frames,
        }
        for view in views
    ]


def _from_json(views: Iterable[dict[str, Any]]) -> tuple[View, ...]:
    return tuple(
        View(
            FrameId(view["camera"], view["start_id"], view["sequence"]),
            datetime.fromisoformat(view["captured_at"]),
            Decision(view["decision"]),
            view["reason"],
            datetime.fromisoformat(view["arrived_at"]),
            datetime.fromisoformat(view["judged_at"]),
            view["frames"],
        )
        for view in views
    )
