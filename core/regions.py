"""Regions of a picture that do not count: polygons in shares of its sides, so that they fit any size of it."""

from collections.abc import Iterable, Sequence
from math import isfinite

Point = tuple[float, float]
"""Right and down, each from 0 to 1."""
Regions = tuple[tuple[Point, ...], ...]

MOST_REGIONS = 50
MOST_POINTS = 200


def regions_of(stored: Iterable[Sequence[Sequence[float]]]) -> Regions:
    """The regions from stored values.

    Raises:
        ValueError: They are too many, have fewer than three corners, or leave the picture.
    """
    regions = tuple(tuple(_point(corner) for corner in region) for region in stored)
    if len(regions) > MOST_REGIONS:
        raise ValueError(f"ignore holds at most {MOST_REGIONS} regions, got {len(regions)}")
    for region in regions:
        if not 3 <= len(region) <= MOST_POINTS:
            raise ValueError(f"a region of ignore has 3 to {MOST_POINTS} corners, got {len(region)}")
    return regions


def _point(stored: Sequence[float]) -> Point:
    right, down = (float(value) for value in stored)
    if not all(isfinite(value) and 0 <= value <= 1 for value in (right, down)):
        raise ValueError(f"a corner of ignore lies in the picture, 0..1 and 0..1, got {right}, {down}")
    return right, down
