"""One promise, three boards: the twin, the unlogged table in Postgres, and Redis."""

import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from math import isnan, nan

import pytest
from redis import Redis
from sqlalchemy import text

from core.adapters.database import open_engine
from core.adapters.in_memory import MemoryBoard
from core.adapters.live_board import PostgresLiveBoard
from core.adapters.live_board_redis import SKIP_S, RedisLiveBoard
from core.adapters.migrate import upgrade
from core.errors import BoardUnavailable
from core.inspection import Tile
from core.ports import LiveBoard
from core.verdict import Decision
from tests import servers

server = pytest.mark.server
Opening = Iterator[tuple[LiveBoard, Callable[[], object]]]

TILE = Tile(
    camera="line1-top",
    product="ballscrew",
    part_id="p-1",
    captured_at=datetime(2026, 11, 24, 8, 0, 0, 123456, UTC),
    decision=Decision.NG,
    reason="",
    score=3.25,
    review_from=1.0,
    reject_from=2.0,
    map_low=0.0,
    map_high=4.0,
    thumbnail=bytes(range(256)),
    map_png=b"\x89PNG\r\n",
)


def twin_board() -> Opening:
    board = MemoryBoard()
    yield board, board.newest.clear


def postgres_board() -> Opening:
    engine = open_engine(servers.postgres())
    upgrade(engine)

    def empty() -> None:
        with engine.begin() as connection:
            connection.execute(text("truncate live_tile"))

    yield PostgresLiveBoard(engine), empty
    engine.dispose()


def redis_board() -> Opening:
    url = servers.redis()
    with Redis.from_url(url) as client:
        client.flushall()
        yield RedisLiveBoard(url), client.flushall


@pytest.fixture(
    params=[twin_board, pytest.param(postgres_board, marks=server), pytest.param(redis_board, marks=server)]
)
def opened(request: pytest.FixtureRequest) -> Opening:
    yield from request.param()


@pytest.fixture
def board(opened: tuple[LiveBoard, Callable[[], object]]) -> LiveBoard:
    return opened[0]


def test_a_tile_comes_back_as_it_was(board: LiveBoard) -> None:
    """Every field, to the microsecond and the byte."""
    board.show([TILE])
    assert board.tiles() == [TILE]


def test_an_empty_board_has_no_tiles(board: LiveBoard) -> None:
    """And showing nothing changes nothing."""
    board.show([])
    assert board.tiles() == []


def test_only_the_newest_tile_of_a_camera_stays(board: LiveBoard) -> None:
    """Also within one call: the last one wins."""
    board.show([TILE])
    board.show([replace(TILE, part_id="p-2"), replace(TILE, part_id="p-3")])
    assert [tile.part_id for tile in board.tiles()] == ["p-3"]


def test_tiles_come_by_camera_name(board: LiveBoard) -> None:
    """In the order of bytes, on every board."""
    cameras = ["b", "a-2", "a.1", "a_0", "a10"]
    board.show([replace(TILE, camera=camera) for camera in cameras])
    assert [tile.camera for tile in board.tiles()] == sorted(cameras)


def test_what_could_not_be_judged_stays_not_a_number(board: LiveBoard) -> None:
    """NaN survives, and so does an empty map."""
    names = ("score", "review_from", "reject_from", "map_low", "map_high")
    board.show([replace(TILE, decision=Decision.ERROR, reason="undecodable", map_png=b"", **dict.fromkeys(names, nan))])
    (shown,) = board.tiles()
    assert all(isnan(getattr(shown, name)) for name in names)
    assert {field.name for field in fields(Tile) if getattr(shown, field.name) == getattr(TILE, field.name)} == {
        "camera", "product", "part_id", "captured_at", "thumbnail",
    }  # fmt: skip


def test_an_emptied_board_is_empty_and_fills_again(opened: tuple[LiveBoard, Callable[[], object]]) -> None:
    """It may vanish at any moment; nobody has to be told."""
    board, empty = opened
    board.show([TILE])
    empty()
    assert board.tiles() == []
    board.show([TILE])
    assert board.tiles() == [TILE]


@server
def test_every_key_in_redis_ends_by_itself() -> None:
    """A camera that was taken away leaves the board, and Redis never fills up."""
    url = servers.redis()
    RedisLiveBoard(url).show([TILE])
    with Redis.from_url(url) as client:
        assert all(client.ttl(key) > 0 for key in client.scan_iter())


@server
def test_what_another_version_wrote_is_left_out() -> None:
    """A tile that cannot be read is shown again within seconds anyway."""
    url = servers.redis()
    with Redis.from_url(url) as client:
        client.flushall()
        client.set("line:tile:old", b'{"camera": "old"}', ex=60)
        client.set("line:tile:odd", b"\x80\x04pickle", ex=60)
    board = RedisLiveBoard(url)
    board.show([TILE])
    assert board.tiles() == [TILE]


@server
def test_a_stopped_redis_costs_little_and_comes_back() -> None:
    """One quick failure, then none at all for five seconds, then it is tried again."""
    cache = servers.redis_cache()
    now = [0.0]
    board = RedisLiveBoard(cache.url, monotonic=lambda: now[0])
    board.show([TILE])
    cache.kill()
    try:
        started = time.perf_counter()
        for _ in range(100):
            with pytest.raises(BoardUnavailable):
                board.show([TILE])
        assert time.perf_counter() - started < 1
    finally:
        cache.restart()
    with pytest.raises(BoardUnavailable):
        board.tiles()
    now[0] += SKIP_S
    assert board.tiles() == []
