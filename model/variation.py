"""The same part seen again: a little turned, nearer, moved, in a little other light. Pure, from a generator.

Shapes: H x W pixels.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Label = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VariationRule:
    """How far a view may differ from the picture it is made of: what mounting and lamps do on any line.

    `turn` in degrees, `zoom` and `shift` as shares of the picture, `contrast` and `cast` (of each channel) as shares,
    `brightness` in grey levels; each is drawn evenly from minus to plus. `moved_share` of the views are moved at all:
    resampling softens grain, and the line's pictures are not resampled. `flips` mirrors half of them each way.
    """

    turn: float = 6.0
    zoom: float = 0.06
    shift: float = 0.05
    moved_share: float = 0.5
    contrast: float = 0.1
    cast: float = 0.03
    brightness: float = 12.0
    flips: bool = False


def varied(image: Pixels, label: Label, rule: VariationRule, generator: np.random.Generator) -> tuple[Pixels, Label]:
    """A view of the picture, and its label moved with it."""
    if generator.random() < rule.moved_share:
        move = motion(image.shape[0], image.shape[1], rule, generator)
        image, label = np.asarray(warped(image, move), np.uint8), np.asarray(warped(label, move), np.float32)
    if rule.flips:
        down, right = (int(step) for step in generator.choice((-1, 1), 2))
        image, label = image[::down, ::right], label[::down, ::right]
    return relit(image, rule, generator), label


def motion(height: int, width: int, rule: VariationRule, generator: np.random.Generator) -> NDArray[np.float64]:
    """A random turn and zoom about the centre, then a shift, as a 2 x 3 matrix."""
    turn, zoom = generator.uniform(-rule.turn, rule.turn), 1 + generator.uniform(-rule.zoom, rule.zoom)
    matrix = np.asarray(cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn, zoom), np.float64)
    matrix[:, 2] += generator.uniform(-rule.shift, rule.shift, 2) * (width, height)
    return matrix


def warped(values: Pixels | Label, move: NDArray[np.float64]) -> NDArray[np.generic]:
    """Moved, and mirrored at the border, so that no edge appears."""
    size = (values.shape[1], values.shape[0])
    return np.asarray(cv2.warpAffine(values, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101))


def relit(image: Pixels, rule: VariationRule, generator: np.random.Generator) -> Pixels:
    """In other light; one table per channel."""
    contrast = 1 + generator.uniform(-rule.contrast, rule.contrast)
    gains = contrast * (1 + generator.uniform(-rule.cast, rule.cast, 3))
    brightness = generator.uniform(-rule.brightness, rule.brightness)
    levels = (np.arange(256)[:, None] - 128) * gains + 128 + brightness
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(np.ascontiguousarray(image), table[None]), np.uint8)
