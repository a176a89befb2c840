"""Which framing suits a product's pictures, from their sizes alone. Pure.

Small and middling pictures keep their aspect in one tile of a given area; long strips and very large pictures are cut
into tiles, so that a defect of a few pixels is not shrunk away.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, log, sqrt

from core.product import SIDE_STEP, SMALLEST_SIDE
from model.framing import Framing
from model.images import Size

TARGET_AREA = 256 * 256
"""Pixels of the network's input: what the method's authors use, and what the field compares at."""
STRIP_ASPECT = 4.0
"""A picture longer than this is a strip: at the target area its short side would have less than half of 256."""
LARGEST_SHRINKING = 8.0
"""Per side; beyond it a defect of eight pixels would be less than one."""
OVERLAP_SHARE = 1 / 8
"""Of a tile's side: a defect up to that size is whole in at least one tile."""
LARGEST_EXCESS = 1.25
"""Over the target area, or a tile's side, where that fits better: time per picture follows the area."""


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
        return strips(height, width, side, of)
    if height * width > target_area * LARGEST_SHRINKING**2:
        return large_pictures(height, width, side, of)
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
    return max(SMALLEST_SIDE, SIDE_STEP * round(side / SIDE_STEP))


def fitting_sides(aspect: float, area: int) -> Size:
    """The pair of multiples of 32 whose area and aspect (width / height) are nearest to these, both as ratios."""
    largest = max(area * LARGEST_EXCESS, SMALLEST_SIDE**2)
    sides = range(SMALLEST_SIDE, int(largest / SMALLEST_SIDE) + 1, SIDE_STEP)
    pairs = [(height, width) for height in sides for width in sides if height * width <= largest]
    return min(pairs, key=lambda pair: (misfit(pair, aspect, area), pair))


def misfit(pair: Size, aspect: float, area: int) -> float:
    """Squared distance in the logarithms of area and aspect, rounded: mirrored shapes get mirrored sides."""
    height, width = pair
    return round(log(height * width / area) ** 2 + log(width / height / aspect) ** 2, 9)


def overlap_of(tile_height: int, tile_width: int) -> int:
    """Pixels that tiles of this size share at least."""
    return int(min(tile_height, tile_width) * OVERLAP_SHARE)


def strips(height: float, width: float, side: int, of: str) -> FramingChoice:
    """The short side kept up to `side`, the long one cut into squares."""
    scale = shrinking(side / min(height, width))
    rows, columns = round(height * scale), round(width * scale)
    tile = tile_side(min(rows, columns), side)
    return tiled(max(rows, tile), max(columns, tile), (tile, tile), f"strips of {of} are {shrunk(scale)}")


def large_pictures(height: float, width: float, side: int, of: str) -> FramingChoice:
    """Both sides shrunk as far as may be, and cut."""
    scale = 1 / LARGEST_SHRINKING
    rows, columns = round(height * scale), round(width * scale)
    tiles = tile_side(rows, side), tile_side(columns, side)
    return tiled(max(rows, tiles[0]), max(columns, tiles[1]), tiles, f"large pictures of {of} are {shrunk(scale)}")


def tiled(height: int, width: int, tile: Size, pictures: str) -> FramingChoice:
    """A framing of this size in such tiles, and what was done to which pictures as the beginning of its reason."""
    framing = Framing(height, width, *tile, overlap_of(*tile))
    cut = f"cut into {framing.tiles} tiles of {tile[0]}x{tile[1]} that overlap by at least {framing.overlap}"
    return FramingChoice(framing, f"{pictures} to {height}x{width}, {cut if framing.tiles > 1 else 'in one tile'}")


def shrinking(scale: float) -> float:
    """This scale within what is allowed: nothing is enlarged, nothing shrunk too far."""
    return min(1.0, max(scale, 1 / LARGEST_SHRINKING))


def shrunk(scale: float) -> str:
    """What the scale does, in words."""
    return "kept at full resolution, fitted" if scale == 1 else f"shrunk {1 / scale:.3g}-fold"


def tile_side(scaled: int, side: int) -> int:
    """How long a tile is along a side of the scaled picture: all of it, up to a multiple of 32, or `side`.

    What is a little longer than `side` stays whole: two tiles that are nearly the same would cost twice for nothing.
    """
    all_of_it = max(SMALLEST_SIDE, SIDE_STEP * ceil(scaled / SIDE_STEP))
    return all_of_it if all_of_it <= side * LARGEST_EXCESS else side
