"""Synthetic defects as training would draw them, to be looked at before anything is trained. Without torch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.defects import DefectDrawer, DefectRule
from model.framing import Framing
from model.object_mask import MaskRule
from model.textures import procedural_textures

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class DrawnPreview:
    """A whole scaled picture with a defect (H x W x 3), and the soft label that is taught there (H x W, 0..1)."""

    image: Pixels
    label: NDArray[np.float32]


def drawn_previews(pictures: Sequence[Pixels], framing: Framing, mask: MaskRule, seed: int) -> Iterator[DrawnPreview]:
    """One defect on each of these pictures, which are scaled as the framing says; the same seed draws the same."""
    tiles = [tile for picture in pictures for tile in framing.cut(picture)]
    drawer = DefectDrawer(tiles, procedural_textures(seed), DefectRule(mask=mask))
    seeds = np.random.default_rng([seed, 11]).integers(2**31, size=len(pictures))
    for number, picture in enumerate(pictures):
        place = int(seeds[number]) % framing.tiles
        defect = drawer.draw(number * framing.tiles + place, int(seeds[number]))
        image, label = picture.copy(), np.zeros(picture.shape[:2], np.float32)
        image[framing.boxes[place]], label[framing.boxes[place]] = defect.image, defect.label
        yield DrawnPreview(image, label)
