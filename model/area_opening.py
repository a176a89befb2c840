"""Bright spots that are too small, taken out of a map: a grey-scale area opening."""

import cv2
import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]
LEVELS = np.arange(1, 16 * 32 + 1, dtype=np.float32) / 32
"""Where the map is looked at, the same for every map: A_nf is at most about 3 and w A_p about 4, in 32nds up to 16."""
NEIGHBOURS = np.ones((3, 3), np.uint8)


def without_small_spots(values: Map, pixels: int) -> Map:
    """The map with every bright spot of fewer than `pixels` (8-connected) lowered to the highest value around it.

    The map is looked at from the highest level down: what lies at or above a level and hangs together in too few
    pixels is a small spot. What stays keeps its value; nothing is ever raised; to do it again changes nothing; and
    where all values lie on the levels the result is the exact area opening.
    """
    if pixels <= 1:
        return values
    kept = values.copy()
    for level in reversed(LEVELS[(values.min() < LEVELS) & (values.max() >= LEVELS)]):
        lower_small_spots(kept, level, pixels)
    return kept


def lower_small_spots(values: Map, level: np.float32, pixels: int) -> None:
    """Lower, in place, what lies at or above this level in too few pixels; the level is above the lowest value."""
    bright = values >= level
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(bright.view(np.uint8), connectivity=8)
    small = statistics[:, cv2.CC_STAT_AREA] < pixels
    small[0] = False
    if not small.any():
        return
    spots = small[labels]
    around = cv2.dilate(np.where(bright, -np.inf, values).astype(np.float32), NEIGHBOURS)
    highest = np.full(len(small), -np.inf, np.float32)
    np.maximum.at(highest, labels[spots], around[spots])
    values[spots] = highest[labels[spots]]
