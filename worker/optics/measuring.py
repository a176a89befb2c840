"""From pixels to four numbers, and from good frames to what is usual."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from core.frame import Image
from core.optics import MEASURED, TOO_HIGH, TOO_LOW, Limits, Optics, OpticsCheck
from model.calibration import upper_limit

Grey = NDArray[np.uint8]

REFERENCE_SIDE = 128
"""Pixels of the reference's longer side: a shift is found to a fraction of one of them, in a millisecond."""

SHARPNESS_SIDE = 1024
"""Larger pictures are measured in their middle: sharpness needs every pixel, and time."""

LEAST_FRAMES = 20
"""Fewer good frames say little about what is usual."""

BLOCKS = 8
"""Light is compared in so many blocks per side: a defect changes some of them, a lamp all."""

ENDS = len(TOO_LOW) + len(TOO_HIGH)
"""Among how many ends the budget is shared."""

LEAST_SLACK = {"exposure": 0.05, "contrast": 0.02, "shift": 0.01}
LEAST_SLACK_OF_SHARPNESS = 0.1
"""How far from the usual the limits lie at least, as a share of it for sharpness: good frames that are all alike, as
those of a replay, say nothing about what the next day's light does."""

ANOTHER_PLACE = 1.0
"""The shift of a picture of another shape than the reference."""


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """What is kept of a picture to measure it: small, however large the picture was."""

    sharpness: float
    small: Grey


def glance(image: Image) -> Glance:
    """All that is measured on every pixel."""
    grey = np.asarray(cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    return Glance(_sharpness(grey), _as_reference(grey))


def optics_of(seen: Glance, reference: Grey) -> Optics:
    """The picture, measured against the reference."""
    exposure = _exposure(seen.small, reference) if seen.small.shape == reference.shape else 1.0
    return Optics(seen.sharpness, exposure, _contrast(seen.small), _shift(seen.small, reference))


def learn(images: Iterable[Image], budget: float) -> OpticsCheck:
    """The baseline: limits that a new good frame leaves with a chance of at most `budget`, all of them together.

    Raises:
        ValueError: Too few frames, or frames of several shapes.
    """
    seen = [glance(image) for image in images]
    if len(seen) < LEAST_FRAMES:
        raise ValueError(f"needs at least {LEAST_FRAMES} good frames, got {len(seen)}")
    if len({each.small.shape for each in seen}) > 1:
        raise ValueError("the good frames have several shapes; take those of one camera")
    return to_check(_crosswise(seen), budget, to_png(mean_of(seen)))


def mean_of(seen: Sequence[Glance]) -> Grey:
    """What the pictures have in common."""
    return np.asarray(np.rint(np.mean([each.small for each in seen], axis=0)), np.uint8)


def _crosswise(seen: Sequence[Glance]) -> list[Optics]:
    """Each measured against the mean of the other half: a mean that holds the picture itself finds it in its place."""
    even, odd = seen[::2], seen[1::2]
    pairs = ((even, mean_of(odd)), (odd, mean_of(even)))
    return [optics_of(each, reference) for half, reference in pairs for each in half]


def to_check(seen: Sequence[Optics], budget: float, reference: bytes) -> OpticsCheck:
    """From measured good frames to limits; pure."""
    values = {name: np.sort([getattr(each, name) for each in seen]) for name in MEASURED}
    usual = Optics(**{name: float(np.median(ordered)) for name, ordered in values.items()})
    slack = LEAST_SLACK | {"sharpness": LEAST_SLACK_OF_SHARPNESS * usual.sharpness}
    limits = {name: _limits(name, values[name], budget / ENDS, getattr(usual, name), slack[name]) for name in MEASURED}
    return OpticsCheck(usual, frames=len(seen), reference=reference, **limits)


def to_png(reference: Grey) -> bytes:
    """The reference as it is stored."""
    return cv2.imencode(".png", reference)[1].tobytes()


def from_png(reference: bytes) -> Grey:
    """The reference as it is compared with."""
    return np.asarray(cv2.imdecode(np.frombuffer(reference, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)


def _limits(name: str, ordered: NDArray[np.float64], budget: float, usual: float, slack: float) -> Limits:
    """The ends at which a value is a fault, each where a new good frame lies beyond it as rarely as the budget says."""
    low = min(-upper_limit(np.sort(-ordered), budget), usual - slack) if name in TOO_LOW else None
    high = max(upper_limit(ordered, budget), usual + slack) if name in TOO_HIGH else None
    return Limits(None if low is None else max(0.0, low), high)


def _exposure(small: Grey, reference: Grey) -> float:
    seen, usual = _blocks(small), _blocks(reference)
    return float(np.median((seen + 1) / (usual + 1)))


def _blocks(small: Grey) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(small.astype(np.float32), (BLOCKS, BLOCKS), interpolation=cv2.INTER_AREA), np.float32)


def _contrast(small: Grey) -> float:
    """On the small picture, where another focus changes it little."""
    darkest, lightest = np.quantile(small, (0.1, 0.9))
    return float(lightest - darkest) / 255


def _sharpness(grey: Grey) -> float:
    """The spread of the Laplacian over that of the picture: other light changes both alike, another focus one."""
    middle = _middle(grey)
    _, spread = cv2.meanStdDev(middle)
    _, detail = cv2.meanStdDev(cv2.Laplacian(middle, cv2.CV_16S))
    # One grey level more keeps the noise of an empty picture from looking sharp.
    return float(detail[0, 0]) / (float(spread[0, 0]) + 1.0)


def _middle(grey: Grey) -> Grey:
    height, width = grey.shape
    top, left = max(0, height - SHARPNESS_SIDE) // 2, max(0, width - SHARPNESS_SIDE) // 2
    return grey[top : top + SHARPNESS_SIDE, left : left + SHARPNESS_SIDE]


def _shift(small: Grey, reference: Grey) -> float:
    """By phase correlation: it finds where the picture went, in whatever light."""
    if small.shape != reference.shape:
        return ANOTHER_PLACE
    height, width = reference.shape
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (right, down), _ = cv2.phaseCorrelate(reference.astype(np.float32), small.astype(np.float32), window)
    return hypot(right / width, down / height)


def _as_reference(grey: Grey) -> Grey:
    height, width = grey.shape
    scale = REFERENCE_SIDE / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
