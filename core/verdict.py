"""From a score map to a decision: ScoreMap, Threshold, Verdict and judge()."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

import numpy as np
from numpy.typing import NDArray


class Decision(StrEnum):
    """What the line does with a part. NG and ERROR reject it; REVIEW asks a person."""

    OK = "OK"
    REVIEW = "REVIEW"
    NG = "NG"
    ERROR = "ERROR"


class ErrorReason(StrEnum):
    """Why a frame could not be judged. Each of them rejects the part."""

    ENVELOPE = "envelope not trusted"
    SIGNATURE = "signature"
    CONTENT = "content does not match its header"
    EMPTY = "no content"
    UNDECODABLE = "undecodable"
    TOO_LARGE = "too large"
    MISSING = "content missing from the artifact store"
    DROPPED = "dropped"
    CLOCK = "clock"
    NO_MODEL = "no active model"
    DETECTOR = "detector failed"
    LATE = "late"
    POISON = "stopped its worker three times"
    TOO_DARK = "optics: too dark"
    TOO_BRIGHT = "optics: too bright"
    TOO_FLAT = "optics: too little contrast"
    OUT_OF_FOCUS = "optics: out of focus"
    OUT_OF_PLACE = "optics: out of place"
    NO_PART = "cannot be put to a part"
    VIEW_MISSING = "view missing"

    @property
    def is_optics(self) -> bool:
        """Whether the camera, not the part, is to be looked after."""
        return self.value.startswith("optics: ")


@dataclass(frozen=True, slots=True)
class Threshold:
    """Two scores with a review band between: OK < review_from <= REVIEW < reject_from <= NG."""

    review_from: float
    reject_from: float

    def __post_init__(self) -> None:
        if not (isfinite(self.review_from) and isfinite(self.reject_from)):
            raise ValueError(f"thresholds must be finite, got {self.review_from} and {self.reject_from}")
        if self.review_from > self.reject_from:
            raise ValueError(f"review_from {self.review_from} lies above reject_from {self.reject_from}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one frame; what could not be judged is a Failure, never a Verdict."""

    decision: Decision
    score: float

    def __post_init__(self) -> None:
        if self.decision is Decision.ERROR or not isfinite(self.score):
            raise ValueError(f"not a verdict: {self.decision} with score {self.score}")


@dataclass(frozen=True, slots=True, eq=False)
class ScoreMap:
    """The detector's answer for one image; all maps are H x W float32, higher is worse.

    `combined` is A, finished by the bundle's own rule (smoothed, without spots that are too small), `classified` A_p
    and `density` A_nf of the method; `score` is the image's score by that rule; `features` is the encoder's pooled
    feature vector.
    """

    combined: NDArray[np.float32]
    classified: NDArray[np.float32]
    density: NDArray[np.float32]
    score: float
    features: NDArray[np.float32]

    def __post_init__(self) -> None:
        for name in ("combined", "classified", "density"):
            values = getattr(self, name)
            if values.ndim != 2 or values.shape != self.combined.shape or not np.isfinite(values).all():
                raise ValueError(f"{name} must be a finite map of shape {self.combined.shape}")
        if not isfinite(self.score):
            raise ValueError(f"score must be finite, got {self.score}")


def judge(score: float, threshold: Threshold) -> Verdict:
    """The verdict for a score.

    Raises:
        ValueError: The score is not finite; the caller records a Failure, and the part is rejected.
    """
    if score >= threshold.reject_from:
        return Verdict(Decision.NG, score)
    if score >= threshold.review_from:
        return Verdict(Decision.REVIEW, score)
    return Verdict(Decision.OK, score)
