"""Shadow runs: a model scores the same frames beside the active one, and decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from core.product import ModelVersion
from core.review import PartKey
from core.verdict import Threshold


class ShadowKind(StrEnum):
    """CANDIDATE before a promotion; EARLIER is the model that judged before it, watching the first hours after."""

    CANDIDATE = "candidate"
    EARLIER = "earlier"


@dataclass(frozen=True, slots=True)
class Shadow:
    """One run of a model in the shadow.

    It ends with `parts_wanted` parts or at `until`. Of `seen` parts the active model rejected `active_rejected` and
    this one `shadow_rejected` (NG or REVIEW, as people see them). `expected` is the share that was predicted for the
    active model, negative where nothing was.
    """

    id: int
    product: str
    kind: ShadowKind
    model_version_id: int
    run_id: int
    began_at: datetime
    until: datetime
    parts_wanted: int
    expected: float = -1.0
    seen: int = 0
    active_rejected: int = 0
    shadow_rejected: int = 0
    ended_at: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether it has seen enough."""
        return self.seen >= self.parts_wanted or now >= self.until

    @property
    def shadow_share(self) -> float:
        """Of the parts seen, what this model would have rejected; 0 of none."""
        return self.shadow_rejected / self.seen if self.seen else 0.0


@dataclass(frozen=True, slots=True)
class OpenShadow:
    """What a worker needs to run it."""

    shadow: Shadow
    model: ModelVersion
    threshold: Threshold


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A part on which the two decided otherwise; `frame_uri` is empty where its picture was not kept."""

    shadow_id: int
    part: PartKey
    active_decision: str
    active_score: float
    shadow_decision: str
    shadow_score: float
    frame_uri: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What one batch added to a shadow run."""

    shadow_id: int
    seen: int
    active_rejected: int
    shadow_rejected: int


class Shadows(Protocol):
    """Shadow runs, at most one open per product."""

    def begin_shadow(self, shadow: Shadow) -> Shadow:
        """Open it under an id of its own; one that was open for the product ends."""
        ...

    def shadow_of(self, run_id: int) -> Shadow | None:
        """The newest that this run's candidate had, open or over; None where it had none."""
        ...

    def open_shadows(self) -> Sequence[OpenShadow]:
        """Those that run now, by product."""
        ...

    def note_seen(self, seen: Sequence[Seen], disagreements: Sequence[Disagreement]) -> None:
        """Add to the counts and keep the disagreements; a part that is already there is left as it was."""
        ...

    def end_shadow(self, shadow_id: int, at: datetime) -> bool:
        """Close it; True for the one who did."""
        ...

    def disagreements(self, shadow_id: int, limit: int) -> Sequence[Disagreement]:
        """Where the two disagreed, oldest first."""
        ...
