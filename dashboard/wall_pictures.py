"""The wall's pictures, as large as its tiles are: cameras share the screen, and each viewer gets all every second.

A worker's picture is made for a tile that fills the screen. Sixteen of them were two megabytes a second and viewer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.errors import ImageRefused
from core.inspection import StoredMap, Tile
from dashboard.pictures import smaller_map, smaller_picture

SIDES = {4: 640, 9: 480}
"""Up to so many cameras, the pixels of a picture's longer side that a tile of a wall screen shows."""
SMALLEST_SIDE = 320
MAP_SIDE = 128


@dataclass
class WallPictures:
    """Keeps each camera's newest picture as it was cut, so that it is cut once however many look."""

    _cut: dict[str, tuple[int, Tile]] = field(default_factory=dict)

    def of(self, tiles: Mapping[str, Tile]) -> dict[str, Tile]:
        """The same tiles with smaller pictures and maps."""
        side = side_for(len(tiles))
        self._cut = {camera: (side, self._one(tile, side)) for camera, tile in tiles.items()}
        return {camera: tile for camera, (_, tile) in self._cut.items()}

    def _one(self, tile: Tile, side: int) -> Tile:
        known_side, known = self._cut.get(tile.camera, (0, None))
        if known is not None and known_side == side and known.captured_at == tile.captured_at:
            return known
        return smaller_tile(tile, side)


def side_for(cameras: int) -> int:
    """How large a picture is worth sending where so many share the screen."""
    return next((side for most, side in SIDES.items() if cameras <= most), SMALLEST_SIDE)


def smaller_tile(tile: Tile, side: int) -> Tile:
    """The tile with picture and map cut down; a picture that cannot be read is left out."""
    cut = smaller_map(StoredMap(tile.map_png, tile.map_low, tile.map_high), MAP_SIDE)
    try:
        picture = smaller_picture(tile.thumbnail, side) if tile.thumbnail else b""
    except ImageRefused:
        picture = b""
    return replace(tile, thumbnail=picture, map_png=cut.png)
