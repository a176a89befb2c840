"""What the held-out good images decide: the split, the weight w, the threshold at a false-reject budget. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor, inf, isfinite, log, sqrt

import numpy as np
from numpy.typing import NDArray

from core.verdict import Threshold
from model.metrics import image_auroc, pixel_aupr

CALIBRATION_SHARE = 0.15
LEAST_CALIBRATION = 16
FEW_IMAGES = 40
"""Below this many good images a third is held out: 16 would leave too little to learn from."""
LEAST_CALIBRATION_OF_FEW = 2
SMALLEST_BUDGET = 1e-6
"""A budget of zero cannot be kept by any finite threshold; one in a million stands for it."""

WEIGHTS = tuple(step / 20 for step in range(20)) + tuple(1 + step / 4 for step in range(13))
"""Candidates for w: 0 to 1 in steps of 0.05, then to 4 in steps of 0.25."""
JACKKNIFE_GROUPS = 16
"""Groups of images left out in turn to learn how far chance moves a figure: more groups, same answer, more time."""
SMALLEST_ERROR = 1e-3
"""A standard error below this is taken for it: a tenth of a point means nothing on drawn defects."""
WEIGHED_PIXELS = 2_000_000
"""Pixels that decide w; larger sets of maps are thinned evenly, which changes the figures in the third digit."""

Maps = NDArray[np.float32]
Kept = NDArray[np.bool_]
ImageScore = Callable[[Maps], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Split:
    """Indices of the good images, each in exactly one of the two."""

    training: tuple[int, ...]
    calibration: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FittedThreshold:
    """A threshold and what a person should know about how it came about."""

    threshold: Threshold
    reasons: tuple[str, ...]


def calibration_count(images: int) -> int:
    """How many of so many good images are held out.

    Raises:
        ValueError: Fewer than three images: nothing would be left to learn from.
    """
    if images < LEAST_CALIBRATION_OF_FEW + 1:
        raise ValueError(f"training needs at least {LEAST_CALIBRATION_OF_FEW + 1} good images, got {images}")
    if images < FEW_IMAGES:
        return max(LEAST_CALIBRATION_OF_FEW, images // 3)
    return max(LEAST_CALIBRATION, ceil(images * CALIBRATION_SHARE))


def split(items: int | Sequence[object], seed: int, captured_at: Sequence[datetime] | None = None) -> Split:
    """Hold out calibration images: the newest where capture times are known, else a random draw from the seed.

    Args:
        items: The good images, or how many there are.
        seed: Decides the draw; unused where `captured_at` is given.
        captured_at: One moment per image.
    """
    count = items if isinstance(items, int) else len(items)
    held_out = calibration_count(count)
    if captured_at is None:
        order = [int(index) for index in np.random.default_rng(seed).permutation(count)]
    else:
        order = sorted(range(count), key=lambda index: captured_at[index])
    return Split(tuple(sorted(order[:-held_out])), tuple(sorted(order[-held_out:])))


def parts_needed(budget: float) -> int:
    """Calibration parts from which a conformal threshold at this budget exists: 499 for 1 in 500."""
    return ceil(1 / max(budget, SMALLEST_BUDGET) - 1 - 1e-9)


def fit_threshold(scores: Sequence[float], false_reject_budget: float, review_budget: float) -> FittedThreshold:
    """Thresholds such that a new good part is rejected or reviewed no more often than the budgets say.

    Args:
        scores: Image scores of good parts the network was not trained on.
        false_reject_budget: Share of good parts that may be rejected.
        review_budget: Share of good parts that may be rejected or sent to review.

    Raises:
        ValueError: Fewer than two scores, one that is not finite, or a budget outside 0..1.
    """
    if len(scores) < 2 or not all(isfinite(score) for score in scores):
        raise ValueError(f"needs at least two finite scores of good parts, got {list(scores)[:5]}")
    ordered = np.sort(np.asarray(scores, np.float64))
    reject_from = upper_limit(ordered, false_reject_budget)
    review_from = min(reject_from, upper_limit(ordered, review_budget))
    reasons = shortage("reject", len(ordered), false_reject_budget) + shortage("review", len(ordered), review_budget)
    return FittedThreshold(Threshold(review_from=review_from, reject_from=reject_from), reasons)


def upper_limit(ordered: NDArray[np.float64], budget: float) -> float:
    """The lowest limit that a new good score reaches with a chance of at most `budget`.

    With n exchangeable scores a new one exceeds the k-th lowest with a chance of at most 1 - k / (n + 1): take the
    lowest k for which that is within the budget. "Reaches" means >=, so the limit is the next number above it.
    Where no such k exists the limit is the maximum plus `margin`.
    """
    if not 0 <= budget <= 1:
        raise ValueError(f"a budget is a share in 0..1, got {budget}")
    above = floor(max(budget, SMALLEST_BUDGET) * (len(ordered) + 1) + 1e-9)
    if above == 0:
        return float(np.nextafter(ordered[-1] + margin(ordered, budget), inf))
    if above > len(ordered):
        return float(ordered[0])
    return float(np.nextafter(ordered[len(ordered) - above], inf))


def margin(ordered: NDArray[np.float64], budget: float) -> float:
    """How far above the highest of too few scores the limit is put.

    The upper tail of scores is taken to fall off exponentially. Its scale is the mean excess of the upper half over
    the median (exact for an exponential tail, too wide for a normal one: the safe side), widened by its own standard
    error of 1 / sqrt(m) for m excesses. The 1 - budget quantile then lies `scale * log(1 / (budget * (n + 1)))`
    above the quantile the maximum stands for; that is zero exactly where a conformal limit begins to exist.
    """
    upper = ordered[len(ordered) // 2 :]
    scale = float((upper - np.median(ordered)).mean()) * (1 + 1 / sqrt(len(upper)))
    return scale * max(0.0, -log(max(budget, SMALLEST_BUDGET) * (len(ordered) + 1)))


def shortage(decision: str, parts: int, budget: float) -> tuple[str, ...]:
    """What to tell a person where the calibration parts do not carry the budget; nothing where they do."""
    needed = parts_needed(budget)
    if parts >= needed:
        return ()
    return (
        f"1 {decision} in {needed + 1} needs {needed} calibration parts; there are {parts}: "
        "using the maximum plus a margin",
    )


@dataclass(frozen=True, slots=True)
class WeightTrial:
    """What one w achieves on synthetic defects: pixel AUPR, and image AUROC of drawn against good."""

    w: float
    pixel_aupr: float
    image_auroc: float


@dataclass(frozen=True, slots=True)
class WeightChoice:
    """The chosen w, all that were tried, and the standard errors of the best two figures."""

    w: float
    trials: tuple[WeightTrial, ...]
    aupr_error: float
    image_error: float


def maxima(maps: Maps) -> NDArray[np.float64]:
    """The highest value of every map: the image score of the paper."""
    return np.asarray(maps.reshape(len(maps), -1).max(axis=1), np.float64)


def choose_w(
    classified: Maps, density: Maps, masks: NDArray[np.bool_], image_score: ImageScore = maxima
) -> WeightChoice:
    """The weight of A_p in A = A_nf + w A_p, from calibration images with drawn defects and without.

    Synthetic defects resemble what the classifier was trained on, so their pixel AUPR alone favours ever larger w.
    Taken is the smallest w that chance could not tell from the best: within one standard error of the best pixel
    AUPR and of the best image AUROC (where no w is both, the smallest that comes nearest to both).

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

    def pixels_of(w: float, kept: Kept) -> float:
        return pixel_aupr(few[kept], (density + np.float32(w) * classified)[kept, ::thin, ::thin])

    def images_of(w: float) -> NDArray[np.float64]:
        return image_score(density + np.float32(w) * classified)

    everything = np.ones(len(masks), np.bool_)
    trials = tuple(WeightTrial(w, pixels_of(w, everything), image_auroc(defective, images_of(w))) for w in WEIGHTS)
    best_pixels, best_images = (max(trials, key=figure).w for figure in (pixel_figure, image_figure))
    best_scores = images_of(best_images)
    aupr_error = jackknife_error(lambda kept: pixels_of(best_pixels, kept), defective)
    image_error = jackknife_error(lambda kept: image_auroc(defective[kept], best_scores[kept]), defective)
    return WeightChoice(smallest_good_weight(trials, aupr_error, image_error), trials, aupr_error, image_error)


def jackknife_error(figure: Callable[[Kept], float], defective: NDArray[np.bool_]) -> float:
    """The standard error of a figure over images, from its values with one group of them left out at a time."""
    groups = min(JACKKNIFE_GROUPS, len(defective))
    group = np.empty(len(defective), np.int64)
    # Dealt kind by kind, so that no group holds all images of one kind.
    group[np.argsort(defective, kind="stable")] = np.arange(len(defective)) % groups
    values = np.array([figure(group != left_out) for left_out in range(groups)])
    return float(np.sqrt((groups - 1) * values.var()))


def smallest_good_weight(trials: Sequence[WeightTrial], aupr_error: float, image_error: float) -> float:
    """The smallest w whose worse shortfall, measured in standard errors, is within one, or the least there is."""
    best_aupr, best_image = max(map(pixel_figure, trials)), max(map(image_figure, trials))

    def shortfall(trial: WeightTrial) -> float:
        pixels = (best_aupr - trial.pixel_aupr) / max(aupr_error, SMALLEST_ERROR)
        return max(1.0, pixels, (best_image - trial.image_auroc) / max(image_error, SMALLEST_ERROR))

    return min(trials, key=lambda trial: (shortfall(trial), trial.w)).w


def pixel_figure(trial: WeightTrial) -> float:
    """The trial's pixel AUPR."""
    return trial.pixel_aupr


def image_figure(trial: WeightTrial) -> float:
    """The trial's image AUROC."""
    return trial.image_auroc
