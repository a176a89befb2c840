"""A part seen by several cameras, and the one decision about it. Pure; part_assembly puts views to parts.

Everything a part says follows from which views it has: whatever order they are recorded in, the part is the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.frame import FrameId
from core.verdict import Decision, ErrorReason

SEVERITY = {Decision.OK: 0, Decision.REVIEW: 1, Decision.NG: 2, Decision.ERROR: 3}
"""How bad each decision is: the part's is the worst of its views'."""

ID_STANDS_FOR = 10
"""Deadlines for which an id names one part. What comes with it later is another part: ids may be used again."""

LONGEST_GRACE = timedelta(minutes=1)
"""What a part whose first view was judged late waits longer for the others, which may wait on the bus as well."""


@dataclass(frozen=True, slots=True)
class ViewPlan:
    """Which cameras see a part, and within how many seconds of the first of them all must have come to the bus."""

    cameras: tuple[str, ...]
    deadline_s: float

    @property
    def deadline(self) -> timedelta:
        """The same as a span."""
        return timedelta(seconds=self.deadline_s)


@dataclass(frozen=True, slots=True)
class View:
    """What one camera says of a part: its worst frame, and how many there were.

    `captured_at` files that frame's row; `arrived_at` is the bus's time and `judged_at` the worker's, of the first.
    """

    frame_id: FrameId
    captured_at: datetime
    decision: Decision
    reason: str
    arrived_at: datetime
    judged_at: datetime
    frames: int = 1

    @property
    def camera(self) -> str:
        """Whose view it is."""
        return self.frame_id.camera

    def merged(self, other: "View") -> "View":
        """Both as one view: the worse frame counts, so that no second picture ever makes a part better."""
        worst = min(self, other, key=lambda view: (-SEVERITY[view.decision], view.frame_id))
        return replace(
            worst,
            arrived_at=min(self.arrived_at, other.arrived_at),
            judged_at=min(self.judged_at, other.judged_at),
            frames=self.frames + other.frames,
        )


@dataclass(frozen=True, slots=True)
class OpenPart:
    """A part that still waits for views. `plan` is the recipe's as it was when the first one was recorded."""

    product: str
    part_id: str
    lot: str
    plan: ViewPlan
    views: tuple[View, ...]

    @property
    def first_seen_at(self) -> datetime:
        """When the bus took the first of its frames."""
        return min(view.arrived_at for view in self.views)

    @property
    def closes_at(self) -> datetime:
        """From when on nobody waits for its missing views any more.

        Its deadline, counted from when its first view was judged and stretched by what that took: after an outage, or
        while a model loads, the other views lie on the bus just as long and are not missing.
        """
        begun = max(self.first_seen_at, min(view.judged_at for view in self.views))
        return begun + min(begun - self.first_seen_at, LONGEST_GRACE) + self.plan.deadline

    @property
    def missing(self) -> tuple[str, ...]:
        """Cameras that have not come, in the plan's order."""
        seen = {view.camera for view in self.views}
        return tuple(camera for camera in self.plan.cameras if camera not in seen)

    @property
    def overdue(self) -> tuple[View, ...]:
        """Views that came to the bus later than the deadline allows."""
        last = self.first_seen_at + self.plan.deadline
        return tuple(view for view in self.views if view.arrived_at > last)

    def spans(self, view: View) -> bool:
        """Whether a frame of its id that came then is of this part."""
        return abs(view.arrived_at - self.first_seen_at) <= ID_STANDS_FOR * self.plan.deadline

    def joined(self, view: View) -> "Part":
        """With one more view; decided once all are there, by when the last of them was judged."""
        part = replace(self, views=merged_views((*self.views, view)))
        return part if part.missing else DecidedPart(part, max(each.judged_at for each in part.views))

    def closed(self, now: datetime) -> "DecidedPart":
        """As it stands, without the views that are missing."""
        return DecidedPart(self, now)


@dataclass(frozen=True, slots=True)
class DecidedPart:
    """A part as it was told to the plant. Nothing changes that any more: `late` only remembers what came after."""

    seen: OpenPart
    decided_at: datetime
    late: tuple[View, ...] = field(default=())

    @property
    def worst(self) -> View:
        """The view that decides."""
        return max(self.seen.views, key=lambda view: SEVERITY[view.decision])

    @property
    def is_incomplete(self) -> bool:
        """Whether a view was missing, or came too late to count."""
        return bool(self.seen.missing or self.seen.overdue)

    @property
    def decision(self) -> Decision:
        """The worst of its views', and ERROR where one is missing."""
        return Decision.ERROR if self.is_incomplete else self.worst.decision

    @property
    def reason(self) -> str:
        """Why it is an ERROR; empty where it is none."""
        return ErrorReason.VIEW_MISSING.value if self.is_incomplete else self.worst.reason

    @property
    def detail(self) -> str:
        """Which views made it so, and which came after it was decided."""
        told = [*map(self._said_of_missing, self.seen.missing), *map(self._said_of_overdue, self.seen.overdue)]
        if not self.is_incomplete and self.decision is not Decision.OK:
            told = [f"{self.worst.camera}: {self.worst.reason or self.worst.decision}"]
        return "; ".join([*told, *map(self._said_of_late, self.late)])

    def joined(self, view: View) -> "Part":
        """The same, remembering that this one came as well."""
        return replace(self, late=merged_views((*self.late, view)))

    def _said_of_missing(self, camera: str) -> str:
        return f"{camera} did not come within {self.seen.plan.deadline_s:g} s"

    def _said_of_overdue(self, view: View) -> str:
        return f"{view.camera} came {self._after(view)}, allowed are {self.seen.plan.deadline_s:g} s"

    def _said_of_late(self, view: View) -> str:
        came = "came" if view.camera in self.seen.missing else "came again"
        return f"recorded after the decision: {view.camera} {came} {self._after(view)} and was {view.decision}"

    def _after(self, view: View) -> str:
        seconds = (view.arrived_at - self.seen.first_seen_at).total_seconds()
        return f"{abs(seconds):.3f} s {'before' if seconds < 0 else 'after'} the first view"


Part = OpenPart | DecidedPart


def merged_views(views: Iterable[View]) -> tuple[View, ...]:
    """One view per camera, by name."""
    found: dict[str, View] = {}
    for view in views:
        found[view.camera] = found[view.camera].merged(view) if view.camera in found else view
    return tuple(found[camera] for camera in sorted(found))
