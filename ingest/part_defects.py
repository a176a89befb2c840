"""What goes wrong with a rendered part: each defect changes a surface, drawn from the part's own dice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import cos, pi, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.part_shapes import BORES, DISC_RADIUS, PLATE_HALF, Field, Style, slope_light

Dice = np.random.Generator
Outline = NDArray[np.float64]

GOOD = "good"
MISSING_BORE = "missing bore"


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A part before it is posed and photographed. All fields are N x N.

    `light` is its brightness, `body` 1 where there is material, `stain` 1 where something lies on it.
    """

    light: Field
    body: Field
    stain: Field


def scratch(surface: Surface, style: Style, dice: Dice) -> Surface:
    """One to three bent grooves with a bright burr."""
    canvas = _canvas(surface)
    side = canvas.shape[0]
    start, heading = _place(style, dice, 0.25, 0.62), dice.uniform(0, pi)
    for _ in range(dice.integers(1, 4)):
        points = _bent_line(start + dice.normal(0, 0.03, 2), heading + dice.normal(0, 0.08), dice)
        cv2.polylines(canvas, [_pixels(points, side)], False, 255, max(2, side // 150), cv2.LINE_AA, 4)
    cut = _soft(canvas, side / 512)
    burr = 0.34 * dice.choice((-1, 1), p=(0.4, 0.6))
    return replace(surface, light=surface.light + slope_light(-0.02 * cut) + np.float32(burr) * cut)


def dent(surface: Surface, style: Style, dice: Dice) -> Surface:
    """A blow: a bowl that the lamp shades."""
    canvas = _canvas(surface)
    side = canvas.shape[0]
    outline = _blob(_clear_place(style, dice), dice.uniform(0.07, 0.11), 0.08, dice)
    cv2.fillPoly(canvas, [_pixels(outline, side)], 255, cv2.LINE_AA, 4)
    bowl = _soft(canvas, side / 64)
    return replace(surface, light=surface.light - np.float32(0.12) * bowl + slope_light(-0.10 * bowl))


def stain(surface: Surface, style: Style, dice: Dice) -> Surface:
    """Oil or rust: a ragged spot with splashes."""
    canvas = _canvas(surface)
    side = canvas.shape[0]
    middle, size = _place(style, dice, 0.25, 0.6), dice.uniform(0.11, 0.19)
    spots = [_blob(middle, size, 0.22, dice)]
    spots += [
        _blob(middle + dice.normal(0, 1.1 * size, 2), dice.uniform(0.02, 0.05), 0.1, dice)
        for _ in range(dice.integers(1, 5))
    ]
    cv2.fillPoly(canvas, [_pixels(spot, side) for spot in spots], 255, cv2.LINE_AA, 4)
    spot = _soft(canvas, side / 170)
    return replace(surface, stain=np.maximum(surface.stain, np.float32(dice.uniform(0.65, 0.9)) * spot))


def chip(surface: Surface, style: Style, dice: Dice) -> Surface:
    """A piece broken out of the rim; a rough bright face remains."""
    side = surface.body.shape[0]
    middle, size = _on_rim(style, dice), dice.uniform(0.10, 0.16)
    gone, torn = _canvas(surface), _canvas(surface)
    cv2.fillPoly(gone, [_pixels(_blob(middle, size, 0.2, dice), side)], 255, cv2.LINE_AA, 4)
    cv2.fillPoly(torn, [_pixels(_blob(middle, 1.35 * size, 0.15, dice), side)], 255, cv2.LINE_AA, 4)
    missing, face = _soft(gone, side / 512), _soft(torn, side / 512)
    rough = dice.normal(0.2, 0.16, (side // 4, side // 4)).astype(np.float32)
    grain = np.asarray(cv2.resize(rough, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)
    return replace(surface, light=surface.light + face * (grain - 0.3), body=surface.body * (1 - missing))


BLEMISHES: Mapping[str, Callable[[Surface, Style, Dice], Surface]] = {
    "scratch": scratch,
    "dent": dent,
    "stain": stain,
    "chip": chip,
}
"""Defects of the surface; a missing bore is a defect of the shape."""

KINDS = (*BLEMISHES, MISSING_BORE)


def _canvas(surface: Surface) -> NDArray[np.uint8]:
    return np.zeros(surface.body.shape, np.uint8)


def _soft(canvas: NDArray[np.uint8], sigma: float) -> Field:
    return (cv2.GaussianBlur(canvas, (0, 0), max(0.3, sigma)) * np.float32(1 / 255)).astype(np.float32)


def _pixels(points: Outline, side: int) -> NDArray[np.int32]:
    """Points in -1..1 as pixels with four binary places, as OpenCV's `shift` wants them."""
    return np.round((points + 1) / 2 * side * 16).astype(np.int32)


def _place(style: Style, dice: Dice, nearest: float, farthest: float) -> Outline:
    """Somewhere on the face, away from the middle and the rim; the plate is lower than wide."""
    angle, radius = dice.uniform(0, 2 * pi), dice.uniform(nearest, farthest)
    flat = 1.0 if style is Style.DISC else 0.62
    return np.array([radius * cos(angle), flat * radius * sin(angle)])


def _clear_place(style: Style, dice: Dice) -> Outline:
    """A place that no bore swallows: the best of a few, by its distance to the nearest bore's edge."""
    places = [_place(style, dice, 0.42, 0.6) for _ in range(8)]
    return max(
        places, key=lambda at: min(np.hypot(at[0] - bore.x, at[1] - bore.y) - bore.radius for bore in BORES[style])
    )


def _on_rim(style: Style, dice: Dice) -> Outline:
    angle = dice.uniform(0, 2 * pi)
    towards = np.array([cos(angle), sin(angle)])
    if style is Style.DISC:
        return np.asarray(DISC_RADIUS * towards, np.float64)
    return np.asarray(
        towards * min(half / max(abs(part), 1e-6) for half, part in zip(PLATE_HALF, towards, strict=True)), np.float64
    )


def _bent_line(start: Outline, heading: float, dice: Dice) -> Outline:
    length, bend = dice.uniform(0.28, 0.6), dice.normal(0, 0.35)
    steps = np.linspace(-0.5, 0.5, 16)
    angles = heading + bend * steps
    return np.asarray(start + length * steps[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1), np.float64)


def _blob(middle: Outline, radius: float, raggedness: float, dice: Dice) -> Outline:
    """A closed outline whose radius wobbles with a few waves."""
    angles = np.linspace(0, 2 * pi, 48, endpoint=False)
    waves = sum(
        dice.normal(0, raggedness / wave**0.5) * np.cos(wave * angles + dice.uniform(0, 2 * pi)) for wave in range(2, 7)
    )
    radii = radius * np.clip(1 + waves, 0.5, 1.6)
    return np.asarray(middle + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1), np.float64)
