"""Where the part is in its picture: Otsu's threshold, morphology, hole filling (Section III-A of the paper)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from core.product import ObjectMask

Pixels = NDArray[np.uint8]
LOOKED_AT = 32
"""Good images that decide the automatic rule: more would change nothing but the time it takes."""
BORDER_AGREEMENT = 0.88
"""Share of the border that must lie on one side of Otsu's threshold before that side is called ground."""
PART_SHARES = (0.02, 0.85)
"""A part smaller or larger than these shares of the picture is not one: the picture has no background."""
LARGE_HOLE = 0.03
"""A hole above this share of the part is a hole of the part (a washer's bore); smaller ones are its dark spots."""


class Polarity(StrEnum):
    """How the part stands out from its ground."""

    LIGHT_PART = "light part"
    DARK_PART = "dark part"


@dataclass(frozen=True, slots=True)
class MaskRule:
    """How to find the part of one product.

    `background` is False where the material fills the picture: then everything is part and the rest is not used.
    """

    background: bool = False
    polarity: Polarity = Polarity.LIGHT_PART
    fill_holes: bool = True


def grey(image: Pixels) -> Pixels:
    """One channel, slightly smoothed so that grain does not decide."""
    return np.asarray(cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (5, 5), 0), np.uint8)


def light_side(brightness: Pixels) -> NDArray[np.bool_]:
    """Pixels above Otsu's threshold."""
    _, lit = cv2.threshold(brightness, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return np.asarray(lit, np.bool_)


def object_mask(image: Pixels, rule: MaskRule) -> NDArray[np.bool_]:
    """Pixels of the part, H x W; all of them where the rule says that there is no background."""
    if not rule.background:
        return np.ones(image.shape[:2], np.bool_)
    lit = light_side(grey(image))
    part = main_pieces(cleaned(lit if rule.polarity is Polarity.LIGHT_PART else ~lit))
    return filled(part) if rule.fill_holes else part


def cleaned(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Specks removed, cracks closed; the kernels grow with the picture (3 and 5 pixels at 256)."""
    side = max(3, min(mask.shape) * 3 // 256)
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, ellipse(side))
    return np.asarray(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, ellipse(side + 2)), np.bool_)


def ellipse(side: int) -> Pixels:
    """A round structuring element."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def main_pieces(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Connected pieces of at least a tenth of the largest one: reflections and fixtures at the rim drop out."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    areas = np.asarray(statistics)[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    return np.asarray((areas >= max(1, areas.max() / 10))[labels], np.bool_)


def filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask with every hole closed."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(whole, outlines, -1, 1, cv2.FILLED)
    return np.asarray(whole, np.bool_)


def choose_mask_rule(images: Sequence[Pixels]) -> MaskRule:
    """The rule that fits most of these good images, decided without any name of a product.

    A picture has a background if its border lies almost wholly on one side of Otsu's threshold and the other side
    makes up a plausible part. Holes are filled unless most parts have a large one.
    """
    looked_at = some(images)
    votes = [vote for image in looked_at if (vote := polarity_of(image)) is not None]
    if not looked_at or len(votes) * 2 <= len(looked_at):
        return MaskRule(background=False)
    return _with_holes(max(Polarity, key=votes.count), looked_at)


def mask_rule(mode: ObjectMask, images: Sequence[Pixels]) -> MaskRule:
    """The rule that the recipe names; whether holes are part of the part is decided from the pictures in any case."""
    if mode is ObjectMask.AUTOMATIC:
        return choose_mask_rule(images)
    if mode is ObjectMask.WHOLE_PICTURE:
        return MaskRule(background=False)
    return _with_holes(Polarity(mode.value), some(images))


def some(images: Sequence[Pixels]) -> list[Pixels]:
    """Those that decide, evenly from all."""
    return list(images[:: max(1, len(images) // LOOKED_AT)])[:LOOKED_AT]


def _with_holes(polarity: Polarity, looked_at: Sequence[Pixels]) -> MaskRule:
    bare = MaskRule(background=True, polarity=polarity, fill_holes=False)
    bored = sum(has_large_hole(object_mask(image, bare)) for image in looked_at)
    return MaskRule(background=True, polarity=polarity, fill_holes=bored * 2 <= len(looked_at))


def polarity_of(image: Pixels) -> Polarity | None:
    """How the part of this picture stands out, or None where no ground can be told from it."""
    lit = light_side(grey(image))
    border_light = float(border_of(lit).mean())
    part_light = border_light < 0.5
    part_share = float(lit.mean()) if part_light else 1 - float(lit.mean())
    if max(border_light, 1 - border_light) < BORDER_AGREEMENT or not PART_SHARES[0] < part_share < PART_SHARES[1]:
        return None
    return Polarity.LIGHT_PART if part_light else Polarity.DARK_PART


def border_of(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The outermost pixels, a fiftieth of each side deep, as one row."""
    down, right = (max(1, side // 50) for side in mask.shape)
    edges = (mask[:down], mask[-down:], mask[:, :right], mask[:, -right:])
    return np.concatenate([edge.ravel() for edge in edges])


def has_large_hole(mask: NDArray[np.bool_]) -> bool:
    """Whether one hole takes more than a small share of the part."""
    holes = (filled(mask) & ~mask).astype(np.uint8)
    _, _, statistics, _ = cv2.connectedComponentsWithStats(holes, connectivity=4)
    largest = np.asarray(statistics)[1:, cv2.CC_STAT_AREA].max(initial=0)
    return bool(largest > LARGE_HOLE * mask.sum())
