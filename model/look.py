"""How a part looks to the encoder beside the calibration parts: one number per part. Pure, without torch.

The pooled features of good parts scatter around a centre, each channel by its own spread. The distance of a part is
the mean over the channels of how many spreads it lies off. Medians make the centre and the spreads, and one channel
counts no more than CAP: a calibration part that was odd, or a channel that is nearly constant, decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

CAP = 8.0
OF_A_NORMAL = 1.4826
"""Standard deviations in a median absolute deviation, where values are normal."""
LEAST_SPREAD = 0.05
"""Of the typical channel's spread: a channel that hardly moved in two dozen pictures is not known to be constant."""
DIGITS = 5

Vectors = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Look:
    """Centre and spread per channel, and how far each calibration part lies from all the others."""

    centre: tuple[float, ...]
    spread: tuple[float, ...]
    distances: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.centre) != len(self.spread) or not self.centre:
            raise ValueError(f"{len(self.centre)} channels with {len(self.spread)} spreads")
        if not all(map(isfinite, (*self.centre, *self.spread, *self.distances))) or min(self.spread) <= 0:
            raise ValueError("a look is finite numbers, its spreads positive")

    def distance(self, features: Sequence[float]) -> float:
        """Of a part with these pooled features.

        Raises:
            ValueError: They are not of this encoder.
        """
        values = np.asarray(features, np.float64)
        if values.shape != (len(self.centre),):
            raise ValueError(f"{values.shape} features, {len(self.centre)} were calibrated")
        return distance_of(values, np.asarray(self.centre), np.asarray(self.spread))


def look_of(features: Sequence[Sequence[float]]) -> Look:
    """Of good parts that training never saw, one row each.

    Each part's own distance is taken from the others: it would else lie nearer to a centre that it has helped to make
    than a new part does.

    Raises:
        ValueError: Fewer than two.
    """
    vectors = np.asarray([list(one) for one in features], np.float64)
    if len(vectors) < 2:
        raise ValueError(f"a look needs at least two parts, got {len(vectors)}")
    distances = [
        distance_of(vectors[number], *centre_and_spread(np.delete(vectors, number, axis=0)))
        for number in range(len(vectors))
    ]
    centre, spread = centre_and_spread(vectors)
    return Look(*(tuple(map(_rounded, values)) for values in (centre, spread, distances)))


def centre_and_spread(vectors: Vectors) -> tuple[Vectors, Vectors]:
    """Per channel; where nothing moves at all, the spread is one."""
    centre = np.median(vectors, axis=0)
    spread = OF_A_NORMAL * np.median(np.abs(vectors - centre), axis=0)
    least = LEAST_SPREAD * float(np.median(spread)) or float(LEAST_SPREAD * spread.max()) or 1.0
    return centre, np.maximum(spread, least)


def distance_of(features: Vectors, centre: Vectors, spread: Vectors) -> float:
    """The mean over the channels."""
    return float(np.minimum(np.abs(features - centre) / spread, CAP).mean())


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
