"""Synthetic defects from a seed (Fig. 1 of the method's paper): pattern mask x part mask x source, with soft labels."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from model.object_mask import MaskRule, Pixels, object_mask
from model.perlin import pattern_mask
from model.textures import TextureSource

Field = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class DefectRule:
    """How the synthetic defects of one product are drawn.

    `stain_share` of them are the part itself, darker or lighter by `stain_strength` grey levels (faint ones as often as
    strong ones: drawn evenly in the logarithm) with a cast, and a rim that fades over up to `stain_softness` of the
    shorter side: oil, water, heat, shadow. Of the others `texture_share` are made of texture, the rest of another good
    image. The source covers the part with an opacity drawn from `opacity`. `local_share` of the patterns keep only one
    to three of their blobs, as real defects mostly come alone. A defect covers at least `smallest_area` pixels and its
    label reaches `visible_from` somewhere. The label is `sigmoid(label_gain * (d - label_centre))` of the colour
    difference d in 0..1: absolute, or with `signed_label` as it is (then what is darker than the part is taught to be
    good).
    """

    mask: MaskRule = field(default_factory=MaskRule)
    stain_share: float = 0.25
    stain_softness: float = 1 / 24
    stain_strength: tuple[float, float] = (10.0, 110.0)
    texture_share: float = 0.5
    opacity: tuple[float, float] = (0.2, 1.0)
    local_share: float = 0.6
    smallest_area: int = 8
    visible_from: float = 0.5
    label_gain: float = 60.0
    label_centre: float = 0.03
    signed_label: bool = False
    attempts: int = 12

    def __post_init__(self) -> None:
        for name in ("stain_share", "stain_softness", "texture_share", "local_share", "visible_from"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in 0..1, got {getattr(self, name)}")
        if not 0 < self.opacity[0] <= self.opacity[1] <= 1:
            raise ValueError(f"opacity must be a range within (0, 1], got {self.opacity}")
        if not 0 < self.stain_strength[0] <= self.stain_strength[1]:
            raise ValueError(f"stain_strength must be a range above 0, got {self.stain_strength}")
        if self.attempts < 1 or self.smallest_area < 1:
            raise ValueError("attempts and smallest_area must be at least 1")


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticDefect:
    """A good image with one drawn defect: `image` H x W x 3, `label` H x W in 0..1 (0 outside), `mask` H x W."""

    image: Pixels
    label: Field
    mask: Mask

    @property
    def strength(self) -> float:
        """The highest label."""
        return float(self.label.max())


class DefectDrawer:
    """Draws defects onto the good images of one product, all of one size; the same seed gives the same defect."""

    def __init__(self, images: Sequence[Pixels], textures: TextureSource, rule: DefectRule) -> None:
        if not images:
            raise ValueError("synthetic defects need at least one good image")
        if len({image.shape for image in images}) > 1:
            raise ValueError(f"images must be of one size, got {sorted({image.shape for image in images})}")
        self._images = images
        self._textures = textures
        self._rule = rule
        self._parts = [object_mask(image, rule.mask) for image in images]

    def draw(self, index: int, seed: int) -> SyntheticDefect:
        """A defect on image `index`.

        A pattern that misses the part or cannot be seen is drawn again from a derived seed, ever more opaque; the
        last attempt is a blot of one colour on the part, so that the label is never empty.
        """
        for attempt in range(self._rule.attempts):
            generator = np.random.default_rng([seed, index, attempt])
            defect = self._attempt(index, generator, eagerness=attempt / self._rule.attempts)
            if defect.mask.sum() >= self._rule.smallest_area and defect.strength >= self._rule.visible_from:
                return defect
        return self._blot(index, np.random.default_rng([seed, index, self._rule.attempts]))

    def _attempt(self, index: int, generator: np.random.Generator, eagerness: float) -> SyntheticDefect:
        good = self._images[index]
        mask = self._pattern(generator, self._parts[index])
        low, high = self._rule.opacity
        opacity = generator.uniform(low + (high - low) * eagerness, high)
        if generator.random() < self._rule.stain_share:
            softness = generator.uniform(0, self._rule.stain_softness) * min(mask.shape)
            return blended(
                good, stained(generator, good, self._rule.stain_strength), mask, opacity, softness, self._rule
            )
        source = self._source(index, generator)
        return blended(good, source, mask, opacity, generator.uniform(0, 1.2), self._rule)

    def _pattern(self, generator: np.random.Generator, part: Mask) -> Mask:
        pattern = pattern_mask(generator, *part.shape) & part
        if generator.random() < self._rule.local_share:
            return some_blobs(generator, pattern, int(generator.integers(1, 4)))
        return pattern

    def _source(self, index: int, generator: np.random.Generator) -> Pixels:
        if generator.random() < self._rule.texture_share:
            return self._texture(generator, *self._images[index].shape[:2])
        others = len(self._images) - 1
        other = (index + 1 + int(generator.integers(others))) % len(self._images) if others else index
        return moved(generator, self._images[other])

    def _texture(self, generator: np.random.Generator, height: int, width: int) -> Pixels:
        texture = self._textures.texture(int(generator.integers(2**31)), height, width)
        return photometric_change(generator, texture)

    def _blot(self, index: int, generator: np.random.Generator) -> SyntheticDefect:
        good, part = self._images[index], self._parts[index]
        inside = np.argwhere(part if part.any() else np.ones_like(part))
        down, right = inside[generator.integers(len(inside))]
        blot = np.zeros(part.shape, np.uint8)
        radius = max(2, min(part.shape) // 40)
        cv2.circle(blot, (int(right), int(down)), radius, 1, cv2.FILLED)
        beneath = good[down, right].astype(np.int16)
        lighter = self._rule.signed_label or beneath.mean() < 128
        colour = np.asarray((255, 255, 255) if lighter else (0, 0, 0), np.uint8)
        return blended(good, np.broadcast_to(colour, good.shape), blot.astype(np.bool_), 1.0, 0.0, self._rule)


def blended(
    good: Pixels, source: Pixels, mask: Mask, opacity: float, softness: float, rule: DefectRule
) -> SyntheticDefect:
    """The source laid over the good image inside the mask, its rim softened by a blur of `softness` pixels.

    Work is done in the mask's bounding box only: most defects are small.
    """
    box = bounding_box(mask)
    alpha = mask[box].astype(np.float32) * np.float32(opacity)
    if softness > 0.3:
        # The rim fades inwards only: nothing outside the mask changes, and the mask stays the exact truth.
        alpha = np.minimum(alpha, cv2.GaussianBlur(alpha, (0, 0), softness) * 1.25)
    before = good[box].astype(np.float32)
    after = np.rint(before + alpha[:, :, None] * (source[box].astype(np.float32) - before))
    image, label = good.copy(), np.zeros(mask.shape, np.float32)
    image[box] = after.astype(np.uint8)
    label[box] = soft_label(after - before, rule) * mask[box]
    return SyntheticDefect(image, label, mask)


def soft_label(difference: Field, rule: DefectRule) -> Field:
    """How wrong each pixel looks: a sigmoid of its mean colour difference (H x W x 3, in grey levels)."""
    distance = difference if rule.signed_label else np.abs(difference)
    level = distance.sum(axis=2) * np.float32(1 / (3 * 255))
    return np.asarray(1 / (1 + np.exp(-rule.label_gain * (level - rule.label_centre))), np.float32)


def bounding_box(mask: Mask) -> tuple[slice, slice]:
    """The smallest box around the mask; a single pixel for an empty one."""
    down, right = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(down):
        return slice(0, 1), slice(0, 1)
    return slice(int(down[0]), int(down[-1]) + 1), slice(int(right[0]), int(right[-1]) + 1)


def some_blobs(generator: np.random.Generator, pattern: Mask, count: int) -> Mask:
    """At most `count` of the pattern's connected blobs, drawn at random."""
    found, labels = cv2.connectedComponents(pattern.astype(np.uint8), connectivity=8)
    kept = np.zeros(found, np.bool_)
    kept[generator.permutation(np.arange(1, found))[:count]] = True
    return np.asarray(kept[labels], np.bool_)


def moved(generator: np.random.Generator, image: Pixels) -> Pixels:
    """Another good image shifted round and flipped at random: right in colour, wrong in place."""
    down, right = (int(generator.integers(side)) for side in image.shape[:2])
    shifted = np.roll(image, (down, right), axis=(0, 1))
    return shifted[:: int(generator.choice((-1, 1))), :: int(generator.choice((-1, 1)))]


def stained(generator: np.random.Generator, image: Pixels, strengths: tuple[float, float]) -> Pixels:
    """The picture darker or lighter by so many grey levels, with a cast: its grain stays."""
    strength = np.exp(generator.uniform(*np.log(strengths))) * generator.choice((-1, 1))
    shift = strength * generator.uniform(0.6, 1.0, 3)
    levels = np.arange(256)[:, None] + shift
    return np.asarray(cv2.LUT(image, np.clip(np.rint(levels), 0, 255).astype(np.uint8)[None]), np.uint8)


def photometric_change(generator: np.random.Generator, texture: Pixels) -> Pixels:
    """The texture in other light: contrast, brightness, saturation, cast, channel order, sometimes its negative."""
    contrast, brightness = generator.uniform(0.5, 1.5), generator.uniform(-60, 60)
    saturation, cast = generator.uniform(0, 1), generator.uniform(0.7, 1.3, 3)
    if generator.random() < 0.2:
        contrast = -contrast
    # All of it is linear in the channels, so one 3 x 4 matrix does it at once; the result is clipped to bytes.
    towards_grey = saturation * np.eye(3)[generator.permutation(3)] + (1 - saturation) / 3
    mixing = contrast * cast[:, None] * towards_grey
    offset = (128 * (1 - contrast) + brightness) * cast
    return np.asarray(cv2.transform(texture, np.column_stack([mixing, offset])), np.uint8)
