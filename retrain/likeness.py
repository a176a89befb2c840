"""When two pictures count as the same one taken twice: pure, on small grey thumbnails.

A hash of a few bits would call all parts of one product alike, for they are: same place, same light, same shape. So
likeness is measured against how different the product's parts are from each other.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Thumbnail = NDArray[np.float32]
"""SIDE * SIDE grey values around their mean: another exposure of the same picture is the same."""

SIDE = 32
NEAR_SHARE = 0.25
"""Of the typical distance from a part to the one most like it. Measured: another compression or noise of a camera moves
a picture by 0.08 to 0.24 of it, the two most alike of a hundred different parts are 0.5 apart."""
LEAST, MOST = 0.4, 4.0
"""Grey levels between which the limit stays, also where a set is full of repetitions or of wild pictures."""
SAMPLED = 400
REPEAT_SHARE = 0.12
"""Of how far apart most pictures are: what lies nearer may be the same part again, and does not say how alike two
different ones are. Measured: copies lie at 0.03 to 0.1 of it, the two most alike of sixty different parts at 0.15 or
more."""


def thumbnail_of(pixels: NDArray[np.uint8]) -> Thumbnail:
    """Of a decoded H x W x 3 picture."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(small - small.mean(), np.float32).ravel()


def near_limit(thumbnails: Sequence[Thumbnail]) -> float:
    """Root mean square distance in grey levels below which two pictures of this product are the same."""
    if len(thumbnails) < 3:
        return LEAST
    some = np.stack(thumbnails[:: max(1, len(thumbnails) // SAMPLED)])
    between = distances(some, some)
    once = _once_each(between)
    if len(once) < 3:
        return LEAST
    apart = between[np.ix_(once, once)]
    np.fill_diagonal(apart, np.inf)
    return float(np.clip(NEAR_SHARE * np.median(apart.min(axis=1)), LEAST, MOST))


def _once_each(between: NDArray[np.float64]) -> list[int]:
    """Of each group of repetitions one: where a line stands still, most of its pictures show one part."""
    same = REPEAT_SHARE * np.quantile(between[np.triu_indices_from(between, 1)], 0.75)
    kept: list[int] = []
    for number, row in enumerate(between):
        if not kept or row[kept].min() >= same:
            kept.append(number)
    return kept


def distances(some: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Root mean square distance of each of N thumbnails to each of M: N x M."""
    squares = (some**2).sum(1)[:, None] + (others**2).sum(1)[None] - 2 * some @ others.T
    return np.asarray(np.sqrt(np.maximum(squares, 0) / some.shape[1]), np.float64)


class Gallery:
    """Thumbnails to compare others with, in one block of memory: there may be thousands."""

    def __init__(self, most: int) -> None:
        self._pictures = np.empty((most, SIDE * SIDE), np.float32)
        self._count = 0

    def add(self, thumbnail: Thumbnail) -> None:
        """One more."""
        self._pictures[self._count] = thumbnail
        self._count += 1

    def holds_like(self, thumbnail: Thumbnail, limit: float) -> bool:
        """Whether one of them is the same picture."""
        return bool((distances(thumbnail[None], self._pictures[: self._count]) < limit).any())
