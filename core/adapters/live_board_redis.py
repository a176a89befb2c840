"""The newest frame and verdict per camera in Redis. A cache: it may vanish at any moment."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from core.adapters.tile_json import from_json, to_json
from core.errors import BoardUnavailable, SettingRefused
from core.inspection import Tile

PREFIX = "line:tile:"
TIMEOUT_S = 0.25
"""A board that answers later than this is worse than none: the worker waits for it between two batches."""

SKIP_S = 5.0
"""After a failure the board is left alone this long, so that an outage costs one timeout and not one per batch."""

KEPT_S = 3600
"""A camera that showed nothing for an hour leaves the board."""


def _client(url: str) -> Redis:
    """The library's defaults would retry for four seconds against a closed port and a minute against a hung one."""
    try:
        return Redis.from_url(
            url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0)
        )
    except ValueError:  # its words may hold a part of the password
        raise SettingRefused("REDIS_URL is not a URL; in a password write / as %2F, # as %23, @ as %40") from None


class RedisLiveBoard:
    """LiveBoard in Redis: one key per camera.

    Raises:
        SettingRefused: The URL is none.
    """

    def __init__(self, url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._redis = _client(url)
        self._monotonic = monotonic
        self._skip_until = -float("inf")

    def show(self, tiles: Sequence[Tile]) -> None:
        """All in one round trip."""
        with self._answering(), self._redis.pipeline(transaction=False) as pipeline:
            for tile in tiles:
                pipeline.set(PREFIX + tile.camera, to_json(tile), ex=KEPT_S)
            pipeline.execute()

    def tiles(self) -> list[Tile]:
        """By camera name; what another version wrote is left out until it is written again."""
        with self._answering():
            keys = sorted(self._redis.scan_iter(match=PREFIX + "*", count=1000))
            packed: list[Any] = self._redis.mget(keys) if keys else []
        found: list[Tile] = []
        for one in packed:
            if one is not None:
                with suppress(ValueError):
                    found.append(from_json(one))
        return sorted(found, key=lambda tile: tile.camera)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        if self._monotonic() < self._skip_until:
            raise BoardUnavailable("it failed a moment ago")
        try:
            yield
        except RedisError as error:
            self._skip_until = self._monotonic() + SKIP_S
            raise BoardUnavailable(str(error)) from error
