"""The four figures of anomaly detection (Section IV of the method's paper, with the standard definitions).

All take `masks` (N x H x W, true where defective) and `maps` (N x H x W, higher is worse) and return a share in 0..1.
The many negatives are sorted once (`RankedPixels`); everything else is a search for the few positives among them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]
AUPRO_LIMIT = 0.3
AUPRO_STEPS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class RankedPixels:
    """Scores of good and of defective pixels, each in ascending order."""

    good: Scores
    defective: Scores

    def __post_init__(self) -> None:
        if not len(self.good) or not len(self.defective):
            raise ValueError(
                f"needs scores of both kinds, got {len(self.good)} good and {len(self.defective)} defective ones"
            )


@dataclass(frozen=True, slots=True)
class PixelFigures:
    """The three figures of the maps, each in 0..1."""

    auroc: float
    aupr: float
    aupro: float


def ranked(defective: Mask, scores: Scores) -> RankedPixels:
    """Split by truth and sorted.

    Raises:
        ValueError: Shapes differ, a score is not finite, or one kind is missing.
    """
    if defective.shape != scores.shape:
        raise ValueError(f"truth has shape {defective.shape}, scores have {scores.shape}")
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite")
    good, wrong = scores[~defective], scores[defective]
    good.sort()
    wrong.sort()
    return RankedPixels(good, wrong)


def area_under_roc(pixels: RankedPixels) -> float:
    """Chance that a defective score lies above a good one, ties counted half."""
    below = np.searchsorted(pixels.good, pixels.defective, side="left").sum(dtype=np.float64)
    not_above = np.searchsorted(pixels.good, pixels.defective, side="right").sum(dtype=np.float64)
    return float((below + not_above) / 2 / len(pixels.good) / len(pixels.defective))


def average_precision(pixels: RankedPixels) -> float:
    """Precision at every recall step, weighted by the step: only thresholds that are a defective score count."""
    levels, first = np.unique(pixels.defective, return_index=True)
    found = len(pixels.defective) - first
    false_alarms = len(pixels.good) - np.searchsorted(pixels.good, levels, side="left")
    steps = -np.diff(found, append=0)
    return float((steps * (found / (found + false_alarms))).sum() / len(pixels.defective))


def image_auroc(defective: Mask, scores: Scores) -> float:
    """Area under the ROC curve of image scores (N)."""
    return area_under_roc(ranked(defective, scores))


def pixel_auroc(masks: Mask, maps: Scores) -> float:
    """Area under the ROC curve over all pixels of all images."""
    return area_under_roc(ranked(masks, maps))


def pixel_aupr(masks: Mask, maps: Scores) -> float:
    """Average precision over all pixels of all images."""
    return average_precision(ranked(masks, maps))


def aupro(masks: Mask, maps: Scores, limit: float = AUPRO_LIMIT) -> float:
    """Mean overlap of the true regions (8-connected), integrated over the pixels' FPR up to `limit`, over `limit`."""
    return per_region_overlap(ranked(masks, maps), masks, maps, limit)


def pixel_figures(masks: Mask, maps: Scores) -> PixelFigures:
    """The three figures of the maps for the price of one sort."""
    pixels = ranked(masks, maps)
    return PixelFigures(
        auroc=area_under_roc(pixels),
        aupr=average_precision(pixels),
        aupro=per_region_overlap(pixels, masks, maps, AUPRO_LIMIT),
    )


def per_region_overlap(pixels: RankedPixels, masks: Mask, maps: Scores, limit: float) -> float:
    """AUPRO at thresholds taken from the good pixels at equally spaced false positive rates.

    Raises:
        ValueError: `limit` is not in (0, 1].
    """
    if not 0 < limit <= 1:
        raise ValueError(f"limit must be in (0, 1], got {limit}")
    rates = np.linspace(0, limit, AUPRO_STEPS)
    count = len(pixels.good)
    thresholds = pixels.good[np.clip((count * (1 - rates)).astype(np.int64), 0, count - 1)]
    overlaps = [1 - np.searchsorted(region, thresholds, side="right") / len(region) for region in regions(masks, maps)]
    return float(np.trapezoid(np.mean(overlaps, axis=0), rates) / limit)


def regions(masks: Mask, maps: Scores) -> Iterator[Scores]:
    """The sorted scores of every 8-connected true region."""
    for mask, scores in zip(masks, maps, strict=True):
        if mask.any():
            found, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
            for label in range(1, found):
                yield np.sort(scores[labels == label])
