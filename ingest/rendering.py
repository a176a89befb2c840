"""Renders machined parts, good and defective, from a seed. Pure: the same seed is the same picture."""

from dataclasses import dataclass
from math import cos, pi, radians, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.part_defects import BLEMISHES, GOOD, KINDS, MISSING_BORE, Dice, Surface
from ingest.part_shapes import BORES, GRAIN_COLUMNS, GRAIN_ROWS, Field, Shape, Style, shape_of

SUPERSAMPLING = 2

METAL = {Style.DISC: (208, 214, 222), Style.PLATE: (222, 208, 178)}
"""Steel, and brass-coloured anodised aluminium."""

MAT = {Style.DISC: (38, 46, 54), Style.PLATE: (44, 52, 48)}
STAIN = (74, 46, 24)


@dataclass(frozen=True, slots=True, eq=False)
class RenderedPart:
    """A picture of a part (H x W x 3, uint8, RGB) and the truth about it; `kind` names the defect, or `good`."""

    pixels: NDArray[np.uint8]
    defect: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Pose:
    """How a part lies under the camera, and how bright the lamp was: what varies between good parts."""

    turn: float
    shift: tuple[float, float]
    scale: float
    gain: float
    lamp: float


def render_part(seed: int, defect: bool, style: Style = Style.DISC, size: int = 256) -> RenderedPart:
    """The part of this seed. Good and defective share pose, light and grain: only the defect differs."""
    dice = np.random.default_rng([seed, 0])
    fate = np.random.default_rng([seed, 1])
    kind = KINDS[fate.integers(len(KINDS))] if defect else GOOD
    side = SUPERSAMPLING * size
    missing = int(fate.integers(len(BORES[style]))) if kind == MISSING_BORE else None
    shape = shape_of(style, side, missing)
    pose = _draw_pose(dice, size)
    surface = _machined(shape, style, pose, dice)
    if kind in BLEMISHES:
        surface = _outside_holes(shape, surface, BLEMISHES[kind](surface, style, fate))
    return RenderedPart(_photographed(shape, surface, style, pose, size, dice), defect, kind)


def _outside_holes(shape: Shape, before: Surface, after: Surface) -> Surface:
    """A blemish needs material: what lies over a hole does not show."""
    light = after.light + shape.depth * (before.light - after.light)
    return Surface(light, after.body, after.stain * (1 - shape.depth))


def _draw_pose(dice: Dice, size: int) -> Pose:
    shift = dice.uniform(-0.006, 0.006, 2) * size
    return Pose(
        turn=dice.uniform(-1.5, 1.5),
        shift=(float(shift[0]), float(shift[1])),
        scale=dice.uniform(0.996, 1.004),
        gain=dice.uniform(0.96, 1.04),
        lamp=dice.uniform(-0.15, 0.15),
    )


def _machined(shape: Shape, style: Style, pose: Pose, dice: Dice) -> Surface:
    """Brightness of the face: slope, sheen of the grain, the grain itself; holes are dark."""
    light = 0.66 + shape.light + _sheen(shape, style, pose.lamp) + _grain(shape, style, dice)
    inside = 0.13 + 0.10 * shape.light
    return Surface(light + shape.depth * (inside - light), shape.body, np.zeros_like(shape.body))


def _sheen(shape: Shape, style: Style, lamp: float) -> Field:
    """The lamp's reflection: a fan on a turned face, a band on a brushed one."""
    if style is Style.DISC:
        angles = 2 * pi * np.arange(GRAIN_COLUMNS) / (GRAIN_COLUMNS - 1)
        fan = (0.13 * np.cos(2 * (angles - 0.7 - lamp))).astype(np.float32)
        return _looked_up(np.tile(fan, (2, 1)), shape.grain_x, np.zeros_like(shape.grain_y))
    rows = np.linspace(-1, 1, GRAIN_ROWS)
    band = (0.16 * np.exp(-(((rows + 0.25 - 0.3 * lamp) / 0.45) ** 2)) - 0.06).astype(np.float32)
    return _looked_up(np.tile(band[:, None], (1, 2)), np.zeros_like(shape.grain_x), shape.grain_y)


def _grain(shape: Shape, style: Style, dice: Dice) -> Field:
    """Fine lines, each a little brighter or darker than the next, that fade along their way."""
    lines = dice.standard_normal((GRAIN_ROWS, 1), np.float32) * np.float32(0.025)
    along = dice.standard_normal((GRAIN_ROWS, GRAIN_COLUMNS), np.float32) * np.float32(0.03)
    if style is Style.DISC:
        along[:, -1] = along[:, 0]  # the grain meets itself
    return _looked_up(lines + along, shape.grain_x, shape.grain_y)


def _looked_up(texture: Field, x: Field, y: Field) -> Field:
    return np.asarray(cv2.remap(texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)


def _photographed(shape: Shape, surface: Surface, style: Style, pose: Pose, size: int, dice: Dice) -> NDArray[np.uint8]:
    """The part on its mat, posed, lit and with the sensor's noise."""
    matrix = _pose_matrix(pose, size)
    light, body, stain, shadow = (
        np.asarray(cv2.warpAffine(field, matrix, (size, size), flags=cv2.INTER_LINEAR), np.float32)[..., None]
        for field in (surface.light, surface.body, surface.stain, shape.shadow)
    )
    metal = np.array(METAL[style], np.float32) * light
    dirty = metal + stain * (np.array(STAIN, np.float32) * (0.5 + light) - metal)
    mat = np.array(MAT[style], np.float32) * (1 - np.float32(0.6) * shadow)
    picture = (mat + body * (dirty - mat)) * np.float32(pose.gain)
    picture += dice.standard_normal((size, size, 1), np.float32) * np.float32(2.0)
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def _pose_matrix(pose: Pose, size: int) -> Field:
    """From the supersampled drawing to the picture."""
    scale = pose.scale / SUPERSAMPLING
    turned, across = scale * cos(radians(pose.turn)), scale * sin(radians(pose.turn))
    middle = SUPERSAMPLING * size / 2
    x = size / 2 + pose.shift[0] - turned * middle + across * middle
    y = size / 2 + pose.shift[1] - across * middle - turned * middle
    return np.array([[turned, -across, x], [across, turned, y]], np.float32)
