"""Builders of views and parts; each defaults all that its test is not about."""

from datetime import datetime, timedelta

from core.frame import FrameId
from core.part import View, ViewPlan
from core.part_assembly import Sighting
from core.verdict import Decision
from tests.contracts.ledgers import TODAY

TOP, SIDE, BACK = "line1-top", "line1-side", "line1-back"
PLAN = ViewPlan((TOP, SIDE), 2.0)
START = "0123456789ab"


def at(seconds: float) -> datetime:
    return TODAY + timedelta(seconds=seconds)


def view(
    camera: str = TOP,
    decision: Decision = Decision.OK,
    arrived_s: float = 0.0,
    sequence: int = 0,
    judged_s: float | None = None,
) -> View:
    reason = "undecodable" if decision is Decision.ERROR else ""
    judged_at = at(arrived_s + 0.1 if judged_s is None else judged_s)
    return View(FrameId(camera, START, sequence), at(arrived_s), decision, reason, at(arrived_s), judged_at)


def sighting(seen: View, plan: ViewPlan = PLAN, part_id: str = "p1", product: str = "ballscrew") -> Sighting:
    return Sighting((product, part_id), "lot 7", plan, seen)
