"""How much of A_p goes into A = A_nf + w A_p: chosen on calibration images with drawn defects and without. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from model.metrics import image_auroc, pixel_aupr

WEIGHTS = tuple(step / 20 for step in range(20)) + tuple(1 + step / 4 for step in range(13))
"""Candidates for w: 0 to 1 in steps of 0.05, then to 4 in steps of 0.25."""
EARNED_SHARE = 0.9
"""Of the best pixel AUPR on drawn defects. The classifier knows their kind from training and finds them better than
real ones: its last gains on them, each for a larger w, are not believed."""
IMAGE_TOLERANCE = 0.005
"""Of image AUROC: what A_p may cost the image score of A_nf alone. What it gains there is not asked for: on drawn
defects it is flattered, and w grew for gains that were losses on real ones."""
WEIGHED_PIXELS = 2_000_000
"""Pixels that decide w; larger sets of maps are thinned evenly, which changes the figures in the third digit."""

Maps = NDArray[np.float32]
ImageScore = Callable[[Maps], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class WeightTrial:
    """What one w achieves on synthetic defects: pixel AUPR, and image AUROC of drawn against good."""

    w: float
    pixel_aupr: float
    image_auroc: float


@dataclass(frozen=True, slots=True)
class WeightChoice:
    """The chosen w, and all that were tried."""

    w: float
    trials: tuple[WeightTrial, ...]


def maxima(maps: Maps) -> NDArray[np.float64]:
    """The highest value of every map: the image score of the paper."""
    return np.asarray(maps.reshape(len(maps), -1).max(axis=1), np.float64)


def choose_w(
    classified: Maps, density: Maps, masks: NDArray[np.bool_], image_score: ImageScore = maxima
) -> WeightChoice:
    """The weight of A_p in Eq. 9.

    The paper takes the w of the best pixel AUPR on test data. On drawn defects that runs to the end of any grid, and
    the image score pays for it where the classifier is unsure of good parts; see `smallest_good_weight`.

    Args:
        classified: A_p, N x H x W.
        density: A_nf, N x H x W.
        masks: The drawn defects, N x H x W; all false where the image is good.
        image_score: The bundle's own rule from maps (N x H x W) to scores (N).

    Raises:
        ValueError: There are not at least two good images and two with defects.
    """
    defective = np.asarray(masks.any(axis=(1, 2)), np.bool_)
    if min(defective.sum(), (~defective).sum()) < 2:
        raise ValueError(f"w needs two images of either kind, got {len(masks)} with {defective.sum()} defective")
    thin = max(1, ceil(sqrt(masks.size / WEIGHED_PIXELS)))
    few = masks[:, ::thin, ::thin]

    def trial(w: float) -> WeightTrial:
        combined = density + np.float32(w) * classified
        of_images = image_auroc(defective, image_score(combined))
        return WeightTrial(w, pixel_aupr(few, combined[:, ::thin, ::thin]), of_images)

    trials = tuple(map(trial, WEIGHTS))
    return WeightChoice(smallest_good_weight(trials), trials)


def smallest_good_weight(trials: Sequence[WeightTrial]) -> float:
    """The smallest w with `EARNED_SHARE` of the best pixel AUPR, and within `IMAGE_TOLERANCE` of A_nf's image AUROC.

    A_nf alone is the trial of the smallest w. Where no w has both, the smallest of those that come nearest to both,
    each measured in what it may fall short.
    """
    best_aupr = max(trial.pixel_aupr for trial in trials)
    alone = min(trials, key=lambda trial: trial.w).image_auroc

    def shortfall(trial: WeightTrial) -> float:
        pixels = (best_aupr - trial.pixel_aupr) / ((1 - EARNED_SHARE) * best_aupr)
        return max(1.0, pixels, (alone - trial.image_auroc) / IMAGE_TOLERANCE)

    return min(trials, key=lambda trial: (shortfall(trial), trial.w)).w
