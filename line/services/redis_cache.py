"""Redis for the live board: nothing of it is kept on disk, because nothing in it is the only copy."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from line.services.daemon import Daemon, ServerMissing

START_S = 10.0


@dataclass(frozen=True)
class RedisCache:
    """A running Redis."""

    daemon: Daemon

    @property
    def url(self) -> str:
        """Where its clients connect."""
        return f"redis://127.0.0.1:{self.daemon.port}/0"

    def stop(self) -> None:
        """End it."""
        self.daemon.stop()

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.daemon.kill()

    def restart(self) -> None:
        """Start it again on the same port, empty."""
        self.daemon.start(START_S)


def redis_cache(folder: Path, port: int) -> RedisCache:
    """The Redis of this folder, running or not."""
    command = (
        *("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""),
        *("--maxmemory", "256mb", "--maxmemory-policy", "volatile-ttl"),
        *("--set-proc-title", "no"),  # its command line is how it is known again
    )
    return RedisCache(Daemon("redis", command, folder, port, str(folder)))


def start_redis(folder: Path, port: int) -> RedisCache:
    """Start it, or find it running.

    Raises:
        ServerMissing: There is no redis-server here, or it does not start.
    """
    if not shutil.which("redis-server"):
        raise ServerMissing("apt-get install redis-server")
    folder.mkdir(parents=True, exist_ok=True)
    redis = redis_cache(folder.absolute(), port)
    redis.daemon.start(START_S)
    return redis
