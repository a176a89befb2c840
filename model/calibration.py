"""What the held-out good images decide: the split, and the threshold at a false-reject budget. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor, inf, isfinite, log, sqrt

import numpy as np
from numpy.typing import NDArray

from core.verdict import Threshold

CALIBRATION_SHARE = 0.15
LEAST_CALIBRATION = 16
FEW_IMAGES = 40
"""Below this many good images a third is held out: 16 would leave too little to learn from."""
LEAST_CALIBRATION_OF_FEW = 2
SMALLEST_BUDGET = 1e-6
"""A budget of zero cannot be kept by any finite threshold; one in a million stands for it."""


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


def split_at(count: int, calibrating: int) -> Split:
    """The last so many of `count` images are held out.

    Raises:
        ValueError: Fewer than two, or nothing would be left to learn from.
    """
    if not LEAST_CALIBRATION_OF_FEW <= calibrating < count:
        raise ValueError(f"at least {LEAST_CALIBRATION_OF_FEW} of {count} images calibrate, not all: got {calibrating}")
    return Split(tuple(range(count - calibrating)), tuple(range(count - calibrating, count)))


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
