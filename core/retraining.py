"""What a night did and why: runs, their steps, and the exact pictures they learned from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.frame import SHA256, check_match, check_utc, sha256_of


class RunState(StrEnum):
    """How far a run is, or how it ended."""

    RUNNING = "running"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    SHADOWING = "in shadow"
    AWAITING = "awaits a person"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self not in (RunState.RUNNING, RunState.SHADOWING)


class Origin(StrEnum):
    """Why a picture may be learned from."""

    ACCEPTED = "accepted by a person"
    AUTOMATIC = "accepted automatically"
    REPLAY = "learned before"


class Use(StrEnum):
    """What a picture of a snapshot is for. HELD_OUT is seen by no training: the gate counts false rejects on it."""

    TRAIN = "train"
    CALIBRATE = "calibrate"
    HELD_OUT = "held out"


@dataclass(frozen=True, slots=True)
class LearnedPart:
    """One picture of a snapshot."""

    sha256: str
    frame_uri: str
    captured_at: datetime
    lot: str
    camera: str
    origin: Origin
    use: Use

    def __post_init__(self) -> None:
        check_match("sha256", SHA256, self.sha256)
        check_utc("captured_at", self.captured_at)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The exact pictures of a run, in order of their hashes; once written it never changes. `sha256` is over them."""

    id: int
    product: str
    made_at: datetime
    sha256: str
    parts: tuple[LearnedPart, ...]

    def of_use(self, use: Use) -> tuple[LearnedPart, ...]:
        """Those that serve this."""
        return tuple(part for part in self.parts if part.use is use)


def snapshot_sha256(parts: Iterable[LearnedPart]) -> str:
    """One hash for a set of pictures and their uses, in whatever order they come."""
    return sha256_of("\n".join(sorted(f"{part.sha256} {part.use}" for part in parts)).encode())


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """One night, or one "now", as the morning's reader finds it.

    `reasons` spoke for training, `doubts` against it. `before` and `after` are figures of the active model and of the
    candidate by name. `verdict` are the gate's sentences, none where it let the candidate pass; `outcome` is the one
    sentence that says how it ended. `passes` are image passes made. Ids are None where it never came to that.
    """

    id: int
    product: str
    slot: str
    who: str
    why: str
    began_at: datetime
    state: RunState = RunState.RUNNING
    ended_at: datetime | None = None
    incumbent_id: int | None = None
    candidate_id: int | None = None
    snapshot_id: int | None = None
    reasons: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    before: Mapping[str, float] | None = None
    after: Mapping[str, float] | None = None
    verdict: tuple[str, ...] = ()
    passes: float = 0.0
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class RunStep:
    """A line of a run's log."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Promotion:
    """One row: since when which model judges, who said so, and why."""

    model_version_id: int
    at: datetime
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class SeenScore:
    """What a model gave a part: for the question whether its scores have drifted."""

    captured_at: datetime
    camera: str
    lot: str
    score: float
