"""How a picture becomes inputs of the network, and how the maps of these become one map of the picture. No torch.

A picture is scaled to one size; where that is larger than the network's input, it is cut into overlapping tiles.

Shapes: H x W pixels of the scaled picture or of its map.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.product import SIDE_STEP, SMALLEST_SIDE
from model.config import NetworkConfig, ScoreRule
from model.images import resized

Pixels = NDArray[np.uint8]
Map = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Framing:
    """The size a picture is scaled to, and the tiles it is cut into, which are the network's inputs.

    Tiles begin at evenly spread places and share at least `overlap` pixels with their neighbours. A tile as large as
    the scaled picture is all of it: one input per picture.
    """

    height: int
    width: int
    tile_height: int
    tile_width: int
    overlap: int = 0

    def __post_init__(self) -> None:
        for side, tile in ((self.height, self.tile_height), (self.width, self.tile_width)):
            if tile < SMALLEST_SIDE or tile % SIDE_STEP:
                raise ValueError(f"a tile's side must be a multiple of {SIDE_STEP} from {SMALLEST_SIDE}, got {tile}")
            if side < tile:
                raise ValueError(f"a tile must not be longer than the scaled picture, got {tile} of {side}")
        if not 0 <= self.overlap < min(self.tile_height, self.tile_width):
            raise ValueError(f"an overlap must be shorter than a tile, got {self.overlap}")

    @classmethod
    def whole(cls, height: int, width: int) -> "Framing":
        """The picture scaled to the network's input, without regard to its aspect, in one tile."""
        return cls(height, width, height, width)

    def __str__(self) -> str:
        one = f"{self.height}x{self.width}"
        return one if self.tiles == 1 else f"{one} in {self.tiles} tiles of {self.tile_height}x{self.tile_width}"

    @property
    def corners(self) -> list[tuple[int, int]]:
        """The upper left corner of every tile, row by row: down, right."""
        rights = starts(self.width, self.tile_width, self.overlap)
        return [(down, right) for down in starts(self.height, self.tile_height, self.overlap) for right in rights]

    @property
    def boxes(self) -> list[tuple[slice, slice]]:
        """Every tile's place in the scaled picture."""
        height, width = self.tile_height, self.tile_width
        return [(slice(down, down + height), slice(right, right + width)) for down, right in self.corners]

    @property
    def tiles(self) -> int:
        """Inputs of the network per picture."""
        return len(self.corners)

    def fits(self, network: NetworkConfig) -> bool:
        """Whether the tiles are this network's inputs."""
        return (self.tile_height, self.tile_width) == (network.height, network.width)

    def scaled(self, pixels: Pixels) -> Pixels:
        """A picture of any size at this one."""
        return resized(pixels, self.height, self.width)

    def cut(self, scaled_HW: NDArray[Any]) -> list[NDArray[Any]]:
        """The tiles of a scaled picture (or of anything of its size), as views: nothing is copied."""
        if scaled_HW.shape[:2] != (self.height, self.width):
            raise ValueError(f"a scaled picture is {self.height} x {self.width}, got {scaled_HW.shape[:2]}")
        return [scaled_HW[box] for box in self.boxes]

    def uncut(self, tiles: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """The picture these tiles were cut from: the inverse of `cut`. Where tiles differ the later one counts."""
        picture = np.empty((self.height, self.width, *tiles[0].shape[2:]), tiles[0].dtype)
        for box, tile in zip(self.boxes, tiles, strict=True):
            picture[box] = tile
        return picture

    def stitched(self, maps: Sequence[Map]) -> Map:
        """One map from the tiles' maps: a mean that fades from one tile to the next, so that no seam shows.

        Every value lies between those of the tiles there: a tile's own border, where the network sees least, counts
        least. The map of a single tile is returned as it is.
        """
        if len(maps) == 1 == self.tiles:
            return maps[0]
        ramps = np.outer(ramp(self.tile_height), ramp(self.tile_width))
        total, weights = np.zeros((2, self.height, self.width))
        for box, values in zip(self.boxes, maps, strict=True):
            total[box] += ramps * values
            weights[box] += ramps
        return (total / weights).astype(np.float32)


def starts(side: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin along one side: as few as overlap by at least so much, evenly spread, end to end."""
    if side == tile:
        return [0]
    last = ceil((side - tile) / (tile - overlap))
    return [number * (side - tile) // last for number in range(last + 1)]


def ramp(tile: int) -> NDArray[np.float64]:
    """How much each pixel along a tile counts: from its border linearly up to its middle, never zero."""
    places = np.arange(tile)
    return np.minimum(places + 1, tile - places) / tile


def rule_for(framing: Framing, rule: ScoreRule) -> ScoreRule:
    """A rule whose shares are meant of one tile, as shares of the whole map.

    What counts as a spot depends on how large a defect looks, not on how long the picture is. The same rule where
    there is one tile.
    """
    side = min(framing.tile_height, framing.tile_width) / min(framing.height, framing.width)
    area = framing.tile_height * framing.tile_width / (framing.height * framing.width)
    return ScoreRule(rule.smoothing * side, rule.top_share * area, rule.minimum_area * area)
