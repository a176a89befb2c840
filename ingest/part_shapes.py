"""The geometry of the rendered parts: what every good part of a style has in common, computed once per size.

Coordinates run from -1 to 1 over the picture, x to the right and y downwards; heights are in the same unit.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import cos, pi, sin

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


class Style(StrEnum):
    """Which product is rendered."""

    DISC = "disc"
    PLATE = "plate"


@dataclass(frozen=True, slots=True)
class Bore:
    """A round hole: its middle and radius."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A part without its texture. All fields are N x N.

    `body` is 1 on the part and 0 beside it, `depth` 1 inside a hole, `light` what an even lamp from the upper
    left makes of the surface, `shadow` what the part takes from the mat. `grain_x` and `grain_y` say where each
    point looks up its brushed texture.
    """

    body: Field
    depth: Field
    light: Field
    shadow: Field
    grain_x: Field
    grain_y: Field


BOLT_CIRCLE = tuple(Bore(0.51 * cos(k * pi / 3), 0.51 * sin(k * pi / 3), 0.078) for k in range(6))
CORNERS = tuple(Bore(0.66 * sx, 0.38 * sy, 0.070) for sx in (-1, 1) for sy in (-1, 1))
DOWELS = tuple(Bore(0.44 * sx, 0.0, 0.050) for sx in (-1, 1))
BORES = {Style.DISC: BOLT_CIRCLE, Style.PLATE: CORNERS + DOWELS}
"""The bores that a machine may forget; the disc's hub and the plate's slot are none of them."""

DISC_RADIUS = 0.82
PLATE_HALF = (0.84, 0.56)
GRAIN_ROWS = 512
GRAIN_COLUMNS = 64


@lru_cache(maxsize=32)
def shape_of(style: Style, side: int, missing_bore: int | None = None) -> Shape:
    """The part's shape on a picture of side x side, perhaps with one bore forgotten."""
    x, y = _coordinates(side)
    bores = tuple(bore for number, bore in enumerate(BORES[style]) if number != missing_bore)
    outline = _disc_outline(x, y) if style is Style.DISC else _plate_outline(x, y)
    opening = _disc_hub(x, y) if style is Style.DISC else _plate_slot(x, y)
    holes = np.minimum.reduce([opening, *(_distance(x, y, bore) for bore in bores)])
    relief = _disc_relief(x, y) if style is Style.DISC else _plate_relief(x, y)
    height = relief - _chamfer(outline, 0.045) - _chamfer(-holes, 0.028)
    soft = 2.0 / side
    body, depth = _step(-outline, soft), _step(-holes, soft)
    grain_x, grain_y = _polar(x, y) if style is Style.DISC else _straight(x, y)
    return Shape(body, depth, slope_light(height), _shadow(body * (1 - depth)), grain_x, grain_y)


def slope_light(height: Field) -> Field:
    """How much brighter (or darker) each point is for its slope towards the lamp in the upper left."""
    scale = height.shape[0] / 16
    across = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3)
    return np.asarray(np.clip(scale * (0.6 * across + 0.8 * down), -0.5, 0.5), np.float32)


def _coordinates(side: int) -> tuple[Field, Field]:
    axis = ((np.arange(side, dtype=np.float32) + 0.5) * 2 / side - 1).astype(np.float32)
    x, y = np.meshgrid(axis, axis)
    return x, y


def _step(inside: Field, soft: float) -> Field:
    """0 to 1 where the signed distance changes sign, over a width of two `soft`."""
    share = np.clip(inside / (2 * soft) + 0.5, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _chamfer(signed: Field, width: float) -> Field:
    """How far a bevel of this width lies below the face, near an edge given as signed distance (inside negative)."""
    return np.asarray(np.clip(signed + width, 0, width), np.float32)


def _distance(x: Field, y: Field, bore: Bore) -> Field:
    return np.asarray(np.hypot(x - bore.x, y - bore.y) - bore.radius, np.float32)


def _disc_outline(x: Field, y: Field) -> Field:
    return np.asarray(np.hypot(x, y) - DISC_RADIUS, np.float32)


def _disc_hub(x: Field, y: Field) -> Field:
    keyway = np.maximum(np.abs(x) - 0.045, np.abs(y + 0.17) - 0.06)
    return np.asarray(np.minimum(np.hypot(x, y) - 0.17, keyway), np.float32)


def _disc_relief(x: Field, y: Field) -> Field:
    radius = np.hypot(x, y)
    groove = 0.016 * np.exp(-(((radius - 0.685) / 0.012) ** 2))
    hub = 0.03 * _step((0.31 - radius).astype(np.float32), 0.012)
    return np.asarray(hub - groove, np.float32)


def _plate_box(x: Field, y: Field, inset: float, corner: float) -> Field:
    across = np.abs(x) - (PLATE_HALF[0] - inset - corner)
    down = np.abs(y) - (PLATE_HALF[1] - inset - corner)
    outside = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
    return np.asarray(outside + np.minimum(np.maximum(across, down), 0) - corner, np.float32)


def _plate_outline(x: Field, y: Field) -> Field:
    return _plate_box(x, y, 0.0, 0.12)


def _plate_slot(x: Field, y: Field) -> Field:
    return np.asarray(np.hypot(np.maximum(np.abs(x) - 0.16, 0), y + 0.02) - 0.11, np.float32)


def _plate_relief(x: Field, y: Field) -> Field:
    frame = 0.016 * np.exp(-((_plate_box(x, y, 0.075, 0.06) / 0.010) ** 2))
    ring = 0.020 * np.exp(-(((_plate_slot(x, y) - 0.075) / 0.012) ** 2))
    return np.asarray(-frame - ring - 0.010 * _engraving(x.shape[0]), np.float32)


def _engraving(side: int) -> Field:
    """The plate's number, cut into its face."""
    canvas = np.zeros((side, side), np.uint8)
    scale = side / 512
    place = (int(0.5 * side - 62 * scale), int(0.685 * side))
    cv2.putText(
        canvas, "PL-20", place, cv2.FONT_HERSHEY_SIMPLEX, 1.2 * scale, 255, max(1, round(3 * scale)), cv2.LINE_AA
    )
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), max(0.5, scale)) / 255, np.float32)


def _shadow(solid: Field) -> Field:
    side = solid.shape[0]
    moved = cv2.warpAffine(solid, np.array([[1, 0, 0.018 * side], [0, 1, 0.026 * side]], np.float32), (side, side))
    return np.asarray(cv2.GaussianBlur(moved, (0, 0), side / 45), np.float32)


def _polar(x: Field, y: Field) -> tuple[Field, Field]:
    """Grain that runs round the middle, as a lathe leaves it."""
    turns, radius = np.arctan2(y, x) / (2 * pi) + 0.5, np.hypot(x, y)
    return (turns * (GRAIN_COLUMNS - 1)).astype(np.float32), (radius * 0.7 * GRAIN_ROWS).astype(np.float32)


def _straight(x: Field, y: Field) -> tuple[Field, Field]:
    """Grain that runs along the part, as a belt leaves it."""
    return ((x + 1) / 2 * (GRAIN_COLUMNS - 1)).astype(np.float32), ((y + 1) / 2 * (GRAIN_ROWS - 1)).astype(np.float32)
