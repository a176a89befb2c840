"""What people say about inspected parts, and the parts that no model may get wrong again."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.frame import SHA256, FrameId, check_match, check_utc


class Judgement(StrEnum):
    """What a person says of a part. WITHDRAWN takes back what was said before: as if nobody had looked."""

    GOOD = "good"
    DEFECT = "defect"
    UNSURE = "unsure"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, order=True)
class PartKey:
    """An inspection's row: the moment that files it and its frame's natural key."""

    captured_at: datetime
    frame_id: FrameId

    def __post_init__(self) -> None:
        check_utc("captured_at", self.captured_at)


@dataclass(frozen=True, slots=True)
class Opinion:
    """A judgement of one part.

    `kind` names the defect, `mask_png` shows it (grey PNG, 255 is defect); both may be empty, and are unless it is one.
    """

    judgement: Judgement
    kind: str = ""
    mask_png: bytes = b""
    note: str = ""

    def __post_init__(self) -> None:
        if self.judgement is not Judgement.DEFECT and (self.kind or self.mask_png):
            raise ValueError(f"only a defect has a kind and a mask, got them for {self.judgement}")


@dataclass(frozen=True, slots=True)
class Review:
    """One row: who said what of which part when. `id` grows; the newest of a part is what stands.

    What the part was is written down with it, for inspections are dropped by the day: `decision` and `score` are the
    line's, `frame_uri` is empty where no picture was kept.
    """

    id: int
    part: PartKey
    opinion: Opinion
    who: str
    at: datetime
    product: str
    lot: str
    sha256: str
    frame_uri: str
    decision: str
    score: float | None
    model_version_id: int | None


@dataclass(frozen=True, slots=True)
class GoldenPart:
    """A part that every candidate is held against: a confirmed defect, or a good one the line once rejected.

    Golden parts are never learned from. `retired_why` is empty while the part counts.
    """

    id: int
    product: str
    sha256: str
    frame_uri: str
    is_defect: bool
    kind: str
    mask_png: bytes
    added_at: datetime
    who: str
    why: str
    retired_why: str = ""

    def __post_init__(self) -> None:
        check_match("sha256", SHA256, self.sha256)


@dataclass(frozen=True, slots=True)
class AcceptedPart:
    """A part that a person called good: where its picture is, and its pooled features as the model saw it."""

    part: PartKey
    frame_uri: str
    features: tuple[float, ...]


def is_golden_by_hash(sha256: str) -> bool:
    """Whether a confirmed false reject is golden only; the other half may be learned from. Half of all, by its hash."""
    return int(sha256[:2], 16) % 2 == 0
