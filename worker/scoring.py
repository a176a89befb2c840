"""Scores of many images by one detector, so that an image which breaks it takes no other with it."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from core.frame import Image
from core.ports import Detector
from core.verdict import ScoreMap

DETECTOR_ERRORS = (
    RuntimeError,  # torch: out of memory, wrong shapes, a device that is gone
    ValueError,  # a map that is not finite, or fewer maps than images
    TypeError,
    LookupError,
    ArithmeticError,
    AssertionError,
    MemoryError,
    cv2.error,
)
"""What a network may raise over an image. Anything else is this program's own defect and ends the worker."""


@dataclass(frozen=True, slots=True)
class NoScore:
    """The detector failed on this image alone."""

    detail: str


def scores(images: Sequence[Image], detector: Detector) -> list[ScoreMap | NoScore]:
    """One answer per image, in order; where the batch as a whole fails, each image is tried by itself."""
    try:
        return _all(images, detector)
    except DETECTOR_ERRORS as error:
        if len(images) == 1:
            return [NoScore(f"{type(error).__name__}: {error}")]
    return [answer for image in images for answer in scores([image], detector)]


def _all(images: Sequence[Image], detector: Detector) -> list[ScoreMap | NoScore]:
    found = detector.score(images)
    if len(found) != len(images):
        raise ValueError(f"{len(images)} images went in, {len(found)} maps came out")
    return list(found)
