"""Inspection: a frame with its verdict as recorded; Failure: a frame that could not be judged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from core.frame import FrameHeader, check_utc
from core.part import ViewPlan
from core.verdict import Decision, ErrorReason, Threshold, Verdict


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where a record lies on the bus."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """When and where the bus took the record; `arrived_at` is the broker's time, not the camera's."""

    position: Position
    arrived_at: datetime

    def __post_init__(self) -> None:
        check_utc("arrived_at", self.arrived_at)


@dataclass(frozen=True, slots=True)
class StoredMap:
    """A score map as an 8-bit grey PNG: value = low + pixel / 255 * (high - low)."""

    png: bytes
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the artifact store keeps what is worth keeping of a frame; empty strings where nothing is kept.

    `frame_uri` holds the frame as it came, `maps_uri` an .npz with A_p, A_nf and the pooled features.
    """

    frame_uri: str
    maps_uri: str


NOT_KEPT = Evidence("", "")

BLAMELESS = (ErrorReason.DROPPED, ErrorReason.NO_MODEL, ErrorReason.NO_PART)
"""Reasons that lie in the line, not in the frame."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Who judged: exactly one model version, one threshold row and the engine that ran the network."""

    model_version_id: int
    threshold_id: int
    threshold: Threshold
    engine: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """A frame, its verdict and who judged it, as recorded."""

    frame: FrameHeader
    arrival: Arrival
    verdict: Verdict
    judge: Judge
    map: StoredMap
    evidence: Evidence
    judged_at: datetime

    @property
    def decision(self) -> Decision:
        """OK, REVIEW or NG."""
        return self.verdict.decision


@dataclass(frozen=True, slots=True)
class Failure:
    """A frame that could not be judged: always ERROR, always with its reason. `evidence` holds what came."""

    frame: FrameHeader
    arrival: Arrival
    reason: ErrorReason
    detail: str
    evidence: Evidence
    judged_at: datetime

    @property
    def decision(self) -> Decision:
        """Always ERROR: what cannot be judged is rejected."""
        return Decision.ERROR

    @property
    def quarantined(self) -> bool:
        """Whether the frame itself is at fault, so that somebody should look at it."""
        return self.reason not in BLAMELESS and not self.reason.is_optics

    @property
    def filed_at(self) -> datetime:
        """The moment that files the row: the camera's, or the broker's where the camera's clock is wrong."""
        return self.arrival.arrived_at if self.reason is ErrorReason.CLOCK else self.frame.captured_at


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record whose envelope cannot be trusted: ERROR, keyed by its place on the bus, never by what it claims."""

    arrival: Arrival
    reason: ErrorReason
    detail: str
    evidence: Evidence
    judged_at: datetime

    @property
    def decision(self) -> Decision:
        """Always ERROR: what cannot be trusted is rejected."""
        return Decision.ERROR


@dataclass(frozen=True, slots=True)
class Late:
    """A frame that was judged, but too late for its product's deadline: ERROR, with the map and its scale.

    `judged_at` is when that was found; `detail` says what the verdict would have been.
    """

    frame: FrameHeader
    arrival: Arrival
    detail: str
    evidence: Evidence
    judged_at: datetime
    threshold: Threshold
    map: StoredMap

    @property
    def decision(self) -> Decision:
        """Always ERROR: the part has passed."""
        return Decision.ERROR

    @property
    def reason(self) -> ErrorReason:
        """Always the same."""
        return ErrorReason.LATE


Result = Inspection | Failure | Late | Refusal


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one partition got: the reader stood at `first`, and everything before `next` is settled."""

    topic: str
    partition: int
    first: int
    next: int

    def __post_init__(self) -> None:
        if not 0 <= self.first < self.next:
            raise ValueError(f"progress must move forward, got {self.first} -> {self.next}")


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction writes: every record that arrived ends as one result, and the offsets move past it.

    `plans` are those of the products whose parts several cameras see: their results are views of parts as well.
    """

    results: tuple[Result, ...]
    progress: tuple[Progress, ...]
    plans: Mapping[str, ViewPlan] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the ledger made of a batch: new rows, and frames that were already there and were left as they were."""

    new: int
    already_there: int


@dataclass(frozen=True, slots=True)
class OpenDays:
    """The days (UTC, both ends included) on which inspections can be filed."""

    first: date
    last: date

    def __contains__(self, moment: datetime) -> bool:
        return self.first <= moment.date() <= self.last


@dataclass(frozen=True, slots=True)
class CameraRun:
    """What a camera says of its own run; the numbers only grow.

    `acknowledged` frames lie on the bus, announcements of dropped ones included. `missed` is how often the camera
    gave nothing, `skipped` how many parts passed while it was busy. `silence` says why there is no picture just now
    and is empty where there is one; `last_frame_at` is None before the first. `ended`: this is its last report.
    """

    camera: str
    start_id: str
    product: str
    captured: int
    dropped: int
    reported_at: datetime
    acknowledged: int = 0
    missed: int = 0
    skipped: int = 0
    silence: str = ""
    last_frame_at: datetime | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """How far a product's training is: `share` runs from 0 to 1, `stage` says what happens now."""

    product: str
    share: float
    stage: str
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class KeptGood:
    """Frames judged OK whose pictures are kept, and how many OK frames there were in all."""

    kept: int
    judged_ok: int


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A verdict that waits to be told to the plant; `id` grows in the order of commits per camera."""

    id: int
    camera: str
    payload: str


@dataclass(frozen=True, slots=True)
class Tile:
    """What the live board shows of one camera: its newest frame and verdict. `thumbnail` is a JPEG.

    `score`, `review_from` and `reject_from` are NaN, and `map_png` empty, where nothing could be judged.
    """

    camera: str
    product: str
    part_id: str
    captured_at: datetime
    decision: Decision
    reason: str
    score: float
    review_from: float
    reject_from: float
    map_low: float
    map_high: float
    thumbnail: bytes
    map_png: bytes


def progress_of(steps: Iterable[tuple[Position, int]]) -> tuple[Progress, ...]:
    """The progress made by deliveries in order, each given as (position, where the reader stood before it)."""
    reached: dict[tuple[str, int], Progress] = {}
    for position, resumed_from in steps:
        key = (position.topic, position.partition)
        first = reached[key].first if key in reached else resumed_from
        reached[key] = Progress(*key, first, position.offset + 1)
    return tuple(reached[key] for key in sorted(reached))
