"""Which framing suits a product's pictures, from their sizes alone. Pure.

Small and middling pictures keep their aspect in one tile of a given area; long strips and very large pictures are cut
into tiles, so that a defect of a few pixels is not shrunk away.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, log, sqrt

from model.config import SMALLEST_SIDE
from model.framing import Framing
from model.images import Size

TARGET_AREA = 256 * 256
"""Pixels of the network's input: what the method's authors use, and what the field compares at."""
MULTIPLE = 32
"""The deepest features' stride."""
STRIP_ASPECT = 4.0
"""A picture longer than this is a strip: at the target area its short side would have less than half of 256."""
LARGEST_SHRINKING = 8.0
"""Per side; beyond it a defect of eight pixels would be less than one."""
OVERLAP_SHARE = 1 / 8
"""Of a tile's side: one position of the deepest features at 256."""
LARGEST_EXCESS = 1.25
"""Over the target area, for the sake of the aspect: time per picture follows the area."""


@dataclass(frozen=True, slots=True)
class FramingChoice:
    """A framing and why, as a sentence."""

    framing: Framing
    reason: str


def chosen_framing(sizes: Sequence[Size], target_area: int = TARGET_AREA) -> FramingChoice:
    """The framing for pictures of these sizes (height, width): for the one of median aspect and area among them.

    Raises:
        ValueError: There are no pictures.
    """
    if not sizes:
        raise ValueError("a framing is chosen from the good pictures' sizes, got none")
    height, width = typical_size(sizes)
    of = f"{round(height)}x{round(width)}" if len(set(sizes)) == 1 else f"about {round(height)}x{round(width)}"
    side = multiple_of(sqrt(target_area))
    if height * width > target_area and longer(width / height) > STRIP_ASPECT:
        return tiled(height, width, max(side / min(height, width), 1 / LARGEST_SHRINKING), side, f"strips of {of}")
    if height * width > target_area * LARGEST_SHRINKING**2:
        return tiled(height, width, 1 / LARGEST_SHRINKING, side, f"large pictures of {of}")
    rows, columns = fitting_sides(width / height, target_area)
    reason = f"pictures of {of} keep their aspect at the area of {side}x{side}: scaled to {rows}x{columns}, in one tile"
    return FramingChoice(Framing.whole(rows, columns), reason)


def typical_size(sizes: Sequence[Size]) -> tuple[float, float]:
    """Height and width of median aspect and median area."""
    aspect = median(width / height for height, width in sizes)
    area = median(height * width for height, width in sizes)
    return sqrt(area / aspect), sqrt(area * aspect)


def median(values: Iterable[float]) -> float:
    """The middle one, the lower of two: a value that occurs."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2]


def longer(aspect: float) -> float:
    """How much longer the long side is than the short one."""
    return max(aspect, 1 / aspect)


def multiple_of(side: float) -> int:
    """The nearest multiple of 32, and never too short a side."""
    return max(SMALLEST_SIDE, MULTIPLE * round(side / MULTIPLE))


def fitting_sides(aspect: float, area: int) -> Size:
    """The pair of multiples of 32 whose area and aspect (width / height) are nearest to these, both as ratios."""
    largest = max(area * LARGEST_EXCESS, SMALLEST_SIDE**2)
    sides = range(SMALLEST_SIDE, int(largest / SMALLEST_SIDE) + 1, MULTIPLE)
    pairs = [(height, width) for height in sides for width in sides if height * width <= largest]
    return min(pairs, key=lambda pair: (misfit(pair, aspect, area), pair))


def misfit(pair: Size, aspect: float, area: int) -> float:
    """Squared distance in the logarithms of area and aspect, rounded: mirrored shapes get mirrored sides."""
    height, width = pair
    return round(log(height * width / area) ** 2 + log(width / height / aspect) ** 2, 9)


def overlap_of(tile_height: int, tile_width: int) -> int:
    """Pixels that tiles of this size share at least."""
    return int(min(tile_height, tile_width) * OVERLAP_SHARE)


def tiled(height: float, width: float, scale: float, side: int, of: str) -> FramingChoice:
    """The picture at this scale (never enlarged) in square tiles of at most `side`, smaller for thin strips.

    A side shorter than a tile is stretched to it, up to the next multiple of 32; the other stays as it is.
    """
    scale = min(1.0, scale)
    rows, columns = round(height * scale), round(width * scale)
    tile = min(side, max(SMALLEST_SIDE, MULTIPLE * ceil(min(rows, columns) / MULTIPLE)))
    framing = Framing(max(rows, tile), max(columns, tile), tile, tile, overlap_of(tile, tile))
    how = "at full resolution" if scale == 1 else f"shrunk {1 / scale:.3g}-fold"
    cut = f"cut into {framing.tiles} tiles of {tile}x{tile} that overlap by at least {framing.overlap}"
    return FramingChoice(framing, f"{of} are taken {how} as {framing.height}x{framing.width}, {cut}")
