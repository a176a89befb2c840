"""Which frame belongs to which part. Pure: the ledgers bring the parts they know and write down what changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.inspection import Failure, Refusal, Result
from core.part import DecidedPart, OpenPart, Part, View, ViewPlan
from core.verdict import ErrorReason

PartName = tuple[str, str]
"""Product and part id: what a frame says of its part. Ids come again, so that it may name several parts over time."""

Numbered = Mapping[int, Part]
"""Parts by the number of their row; below 0 are those that have none yet."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One frame as a view of a part that is waiting for it, or is begun with it."""

    name: PartName
    lot: str
    plan: ViewPlan
    view: View

    def begun(self) -> Part:
        """The part, if this is its first view."""
        return OpenPart(*self.name, self.lot, self.plan, ()).joined(self.view)


def sightings_of(results: Iterable[Result], plans: Mapping[str, ViewPlan]) -> list[Sighting]:
    """What these results say of parts of several views, in order. A frame that cannot be put to a part says nothing."""
    found = [_sighting(result, plans) for result in results if not isinstance(result, Refusal)]
    return [sighting for sighting in found if sighting is not None]


def put_together(known: Numbered, sightings: Iterable[Sighting]) -> dict[int, Part]:
    """The parts that these frames change, as they then are; new ones are numbered -1, -2 and so on."""
    parts: dict[int, Part] = dict(known)
    changed: dict[int, Part] = {}
    for sighting in sightings:
        number = _number_of(sighting, parts)
        if number is None:
            number = min([0, *parts]) - 1
            parts[number] = sighting.begun()
        else:
            parts[number] = parts[number].joined(sighting.view)
        changed[number] = parts[number]
    return changed


def newly_decided(before: Numbered, after: Numbered) -> list[DecidedPart]:
    """The parts that the plant has not been told of yet, in a fixed order."""
    return [
        part
        for number, part in sorted(after.items(), key=lambda item: (item[0] < 0, abs(item[0])))
        if isinstance(part, DecidedPart) and not isinstance(before.get(number), DecidedPart)
    ]


def seen_of(part: Part) -> OpenPart:
    """What was seen of it, decided or not."""
    return part.seen if isinstance(part, DecidedPart) else part


def _sighting(result: Result, plans: Mapping[str, ViewPlan]) -> Sighting | None:
    if isinstance(result, Refusal):
        return None
    frame, plan = result.frame, plans.get(result.frame.product)
    if plan is None or not frame.part_id or frame.id.camera not in plan.cameras:
        return None
    filed_at = result.filed_at if isinstance(result, Failure) else frame.captured_at
    reason = getattr(result, "reason", "")
    reason = reason.value if isinstance(reason, ErrorReason) else reason
    view = View(frame.id, filed_at, result.decision, reason, result.arrival.arrived_at, result.judged_at)
    return Sighting((frame.product, frame.part_id), frame.lot, plan, view)


def _number_of(sighting: Sighting, parts: Numbered) -> int | None:
    """The part of this name whose first view is nearest in time, if it is near enough."""
    distances = {
        number: abs(seen_of(part).first_seen_at - sighting.view.arrived_at)
        for number, part in parts.items()
        if (seen_of(part).product, seen_of(part).part_id) == sighting.name and seen_of(part).spans(sighting.view)
    }
    return min(distances, key=lambda number: (distances[number], number)) if distances else None
