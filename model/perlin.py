"""Perlin noise and the blob-shaped masks cut from it.

Perlin noise is linear in its lattice gradients and its fade weights factor into a row and a column part, so a
whole image is two small matrix products instead of a loop over cells:
`noise = (F * d)_rows @ G_down @ F_columns.T + F_rows @ G_right @ (F * d)_columns.T`.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_SCALE_EXPONENT = 6
"""2**6 = 64 cells per axis: at 256 pixels a cell is 4 pixels wide, the size of a pit."""


@lru_cache(maxsize=64)
def fade_weights(length: int, cells: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fade weight of every lattice line at every pixel, and that weight times the signed distance to the line.

    Args:
        length: Pixels along the axis.
        cells: Lattice cells along the axis; there are `cells + 1` lattice lines.

    Returns:
        Two arrays of shape (length, cells + 1).
    """
    position = (np.arange(length, dtype=np.float32) + 0.5) * (cells / length)
    distance = position[:, None] - np.arange(cells + 1, dtype=np.float32)[None, :]
    near = np.clip(1 - np.abs(distance), 0, 1)
    fade = near**3 * (near * (near * 6 - 15) + 10)
    return fade, fade * distance


def perlin_noise(generator: np.random.Generator, height: int, width: int, down: int, right: int) -> NDArray[np.float32]:
    """Perlin noise, height x width, mean about 0, values within -1..1.

    Args:
        generator: Source of the lattice gradients.
        height: Pixels down.
        width: Pixels right.
        down: Lattice cells down.
        right: Lattice cells right.
    """
    angle = generator.random((down + 1, right + 1), dtype=np.float32) * np.float32(2 * np.pi)
    rows, rows_distance = fade_weights(height, down)
    columns, columns_distance = fade_weights(width, right)
    falling = rows_distance @ np.sin(angle) @ columns.T
    rising = rows @ np.cos(angle) @ columns_distance.T
    return np.asarray((falling + rising) * np.sqrt(2), np.float32)


def rotated(values: NDArray[np.float32], degrees: float) -> NDArray[np.float32]:
    """The field turned around its centre; corners are filled by reflection so that no edge appears."""
    height, width = values.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(values, turn, (width, height), borderMode=cv2.BORDER_REFLECT), np.float32)


def pattern_mask(generator: np.random.Generator, height: int, width: int) -> NDArray[np.bool_]:
    """A random pattern of blobs: Perlin noise at a random power-of-two scale per axis, rotated, thresholded.

    The threshold is the noise's own quantile at a random covered share (2 % to 25 %), so that fine patterns stay
    sparse and no scale comes out empty.
    """
    down, right = (2 ** int(exponent) for exponent in generator.integers(0, MAX_SCALE_EXPONENT + 1, 2))
    noise = perlin_noise(generator, height, width, min(down, height), min(right, width))
    noise = rotated(noise, generator.uniform(-90, 90))
    covered = 0.02 * (0.25 / 0.02) ** generator.random()
    return np.asarray(noise > np.quantile(noise[::2, ::2], 1 - covered), np.bool_)
