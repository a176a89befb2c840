"""Pictures are cut as small as the page shows them, once, and several at a time."""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Barrier
from urllib.parse import unquote

import cv2
import numpy as np
import pytest

from core.adapters.in_memory import MemoryArtifacts
from core.errors import ArtifactsUnavailable
from core.inspection import Tile
from core.verdict import Decision
from dashboard.pictures import smaller_picture
from dashboard.read_models import PartKey
from dashboard.thumbnails import MOST_KEPT, Thumbnails
from dashboard.wall_pictures import MAP_SIDE, SMALLEST_SIDE, WallPictures, side_for

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def encoded(kind: str = ".jpg", side: int = 640) -> bytes:
    rows, columns = np.mgrid[0 : side * 3 // 4, 0:side]
    return cv2.imencode(kind, np.stack([rows % 256, columns % 256, (rows + columns) % 256], 2).astype(np.uint8))[
        1
    ].tobytes()


def size_of(content: bytes) -> tuple[int, int]:
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return pixels.shape[1], pixels.shape[0]


@dataclass
class Watched(MemoryArtifacts):
    """Counts what it is asked; where `meeting` is set, nobody is answered until so many ask at once."""

    asked: list[str] = field(default_factory=list)
    away: bool = False
    meeting: Barrier | None = None

    def get(self, uri: str, most_bytes: int = 2**30) -> bytes:
        self.asked.append(uri)
        if self.away:
            raise ArtifactsUnavailable("away")
        if self.meeting:
            self.meeting.wait(timeout=20)
        return super().get(uri, most_bytes)


@pytest.fixture
def store() -> Watched:
    artifacts = Watched()
    for number in range(4):
        artifacts.put(f"frames/{number}.jpg", encoded(side=320 + number))
    return artifacts


def test_a_gallery_s_pictures_are_read_at_the_same_time_and_cut_once(store: Watched) -> None:
    """Four readers meet in the store; the second look asks it nothing."""
    store.meeting = Barrier(4)
    small, uris = Thumbnails(store, 160), [f"memory:frames/{number}.jpg" for number in range(4)]
    found = small.of([*uris, uris[0]])
    assert list(found) == uris
    assert {size_of(base64.b64decode(url.split(",")[1]))[0] for url, reason in found.values() if not reason} == {160}
    assert small.of(uris) == found
    assert sorted(store.asked) == uris


def test_why_there_is_no_picture_is_said_and_asked_again(store: Watched) -> None:
    """A store that was away is back at the next look."""
    store.put("frames/text.jpg", b"no picture")
    small = Thumbnails(store, 160)
    uris = ["", "memory:frames/gone.jpg", "memory:frames/text.jpg"]
    assert [reason for _, reason in small.of(uris).values()] == ["not kept", "gone", "no picture"]
    store.away = True
    assert small.of(["memory:frames/0.jpg"])["memory:frames/0.jpg"] == ("", "store away")
    store.away = False
    assert small.of(["memory:frames/0.jpg"])["memory:frames/0.jpg"][0]


def test_the_newest_pictures_are_kept_and_no_more(store: Watched) -> None:
    """Memory is not for all that was ever looked at."""
    content = encoded(side=32)
    for number in range(MOST_KEPT + 1):
        store.contents[f"memory:frames/many/{number}.jpg"] = content
    small = Thumbnails(store, 32)
    small.of(["memory:frames/many/0.jpg"])  # alone: of those that are read side by side, any may be the first
    small.of([f"memory:frames/many/{number}.jpg" for number in range(1, MOST_KEPT + 1)])
    store.asked.clear()
    small.of([f"memory:frames/many/{number}.jpg" for number in (1, MOST_KEPT, 0)])
    assert store.asked == ["memory:frames/many/0.jpg"]


@pytest.mark.parametrize("kind", [".jpg", ".png"])
@pytest.mark.parametrize("side", [100, 160, 320, 700])
def test_a_picture_is_cut_to_its_longer_side_and_stays_what_it_was(kind: str, side: int) -> None:
    """However it is decoded; a small one is not made larger."""
    cut = smaller_picture(encoded(kind), side)
    width, height = size_of(cut)
    assert (width, height) == (min(640, side), round(min(640, side) * 0.75))
    whole, small = (
        cv2.resize(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), (32, 24), interpolation=3)
        for content in (encoded(kind), cut)
    )
    assert np.abs(whole.astype(float) - small.astype(float)).mean() < 6


def a_tile(camera: str, seconds: float = 0, picture: bytes | None = None) -> Tile:
    grey = cv2.imencode(".png", np.zeros((256, 256), np.uint8))[1].tobytes()
    content, moment = encoded() if picture is None else picture, NOW + timedelta(seconds=seconds)
    return Tile(camera, "gear", "P", moment, Decision.OK, "", 1.0, 2.0, 3.0, 0.0, 1.0, content, grey)


def test_sixteen_cameras_get_pictures_of_their_tiles_size() -> None:
    """Two keep theirs."""
    tiles = {f"cam{number}": a_tile(f"cam{number}") for number in range(16)}
    small = WallPictures().of(tiles)
    assert {size_of(tile.thumbnail)[0] for tile in small.values()} == {SMALLEST_SIDE}
    assert {size_of(tile.map_png) for tile in small.values()} == {(MAP_SIDE, MAP_SIDE)}
    assert sum(len(tile.thumbnail) for tile in small.values()) < sum(len(tile.thumbnail) for tile in tiles.values()) / 2
    assert size_of(WallPictures().of({"cam0": tiles["cam0"]})["cam0"].thumbnail) == (640, 480)
    assert [side_for(number) for number in (0, 4, 5, 9, 10, 99)] == [640, 640, 480, 480, 320, 320]


def test_a_camera_s_picture_is_cut_once_until_there_is_a_newer_one() -> None:
    """And again where more cameras share the screen."""
    wall = WallPictures()
    first = wall.of({"top": a_tile("top")})["top"]
    assert wall.of({"top": a_tile("top")})["top"] is first
    assert wall.of({"top": a_tile("top", seconds=1)})["top"] is not first
    many = {f"cam{number}": a_tile(f"cam{number}") for number in range(16)}
    assert size_of(wall.of(many | {"top": a_tile("top", seconds=1)})["top"].thumbnail)[0] == SMALLEST_SIDE


def test_what_cannot_be_read_on_the_board_is_a_tile_without_a_picture() -> None:
    """The verdict is shown all the same."""
    small = WallPictures().of({"top": a_tile("top", picture=b"not a picture")})["top"]
    assert (small.thumbnail, small.decision) == (b"", Decision.OK)


def test_a_link_to_a_part_has_no_colon_and_leads_to_it() -> None:
    """A browser that sees a colon in a text loads its emoji."""
    key = PartKey(NOW, "line1-top", "0123456789ab", 7)
    assert ":" not in key.in_link
    assert PartKey.of(unquote(key.in_link)) == key
