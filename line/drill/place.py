"""A line of its own for one drill: its servers, its folder, its cameras and its workers, as real processes."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from core.adapters import embedded
from core.adapters.database import open_engine
from core.adapters.ledger import PostgresLedger
from core.errors import LineError, SettingRefused
from core.settings import LineSettings
from line.drill.scenario import Scenario
from line.services.daemon import free_port
from line.services.kafka_broker import KafkaBroker, start_kafka
from line.services.redis_cache import RedisCache, start_redis
from line.stations import Stations

PRODUCT = "drill"
PICTURES = 24
SIDE = 96
SESSION_S = "6"
LAST_WORDS = 2000


class DrillRefused(LineError):
    """A step before the drill failed: what it said stands above."""


@dataclass(frozen=True)
class Servers:
    """What runs beside Postgres; None where this drill has none."""

    broker: KafkaBroker | None = None
    redis: RedisCache | None = None


@dataclass(frozen=True)
class DrillLine:
    """Running servers with a migrated database, a promoted detector and pictures to show."""

    home: Path
    bus: str
    environment: Mapping[str, str]
    stations: Stations
    ledger: PostgresLedger
    servers: Servers = Servers()

    @property
    def pictures(self) -> Path:
        """What the cameras see."""
        return self.home / "pictures"

    @property
    def settings(self) -> LineSettings:
        """What the line's processes see in their environment."""
        return LineSettings(
            database_url=self.environment["DATABASE_URL"],
            kafka_bootstrap_servers=self.environment["KAFKA_BOOTSTRAP_SERVERS"],
            redis_url=self.environment["REDIS_URL"],
            artifact_url=self.environment["ARTIFACT_URL"],
            line_home=self.home,
        )

    def journal(self, camera: str) -> Path:
        """What a camera writes down outside Postgres."""
        return self.home / "journal" / f"{camera}.jsonl"

    def start_cameras(self, scenario: Scenario) -> None:
        """All of them, each with its share of the frames."""
        for number, name in enumerate(scenario.camera_names()):
            self.start_camera(name, scenario.frames_of(number), scenario.rate, scenario.seed + number)

    def start_camera(self, name: str, frames: int, rate: float, seed: int) -> None:
        """A camera that replays the pictures in an order of its own and ends after so many frames."""
        chosen = {
            "--camera": name,
            "--product": PRODUCT,
            "--source": f"folder:{self.pictures}",
            "--rate": f"{rate:g}",
            "--frames": str(frames),
            "--seed": str(seed),
            "--journal": str(self.journal(name)),
        }
        self.stations.start(name, "ingest", *(word for pair in chosen.items() for word in pair))

    def run(self, module: str, *arguments: str) -> None:
        """Run `python -m module` on this line to its end.

        Raises:
            DrillRefused: It failed.
        """
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(
            command, env=os.environ | dict(self.environment), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            print(done.stdout[-LAST_WORDS:], done.stderr[-LAST_WORDS:], file=sys.stderr)
            raise DrillRefused(f"python -m {module} {' '.join(arguments)}")


@contextmanager
def drill_line(bus: str, with_redis: bool = False, settings: Mapping[str, str] | None = None) -> Iterator[DrillLine]:
    """Start everything but cameras and workers in a folder of its own; stop and remove it all afterwards.

    Raises:
        SettingRefused: A bus that is not known.
        ServerMissing: Kafka or Redis cannot be had on this machine.
    """
    if bus not in ("postgres", "kafka"):
        raise SettingRefused(f"--bus {bus}: postgres or kafka")
    with tempfile.TemporaryDirectory(prefix="drill-", ignore_cleanup_errors=True) as name, ExitStack() as stack:
        home = Path(name)
        home.chmod(0o755)  # the embedded server runs as a user of its own where we are root
        broker = start_kafka(home / "kafka", free_port()) if bus == "kafka" else None
        if broker:
            stack.callback(broker.kill)
        redis = start_redis(home / "redis", free_port()) if with_redis else None
        if redis:
            stack.callback(redis.kill)
        yield from _on_postgres(home, bus, Servers(broker, redis), settings or {})


def _on_postgres(home: Path, bus: str, servers: Servers, settings: Mapping[str, str]) -> Iterator[DrillLine]:
    url = embedded.embedded_url(home)
    environment = _environment(home, url, servers) | dict(settings)
    engine = open_engine(url, application_name="drill")
    try:
        with Stations(environment, home / "logs") as stations:
            ledger = PostgresLedger(engine, tells=servers.broker is not None)
            line = DrillLine(home, bus, environment, stations, ledger, servers)
            line.run("core", "migrate")
            line.run("worker.brightness", "--product", PRODUCT)
            draw_pictures(line.pictures)
            yield line
    finally:
        engine.dispose()
        embedded.stop(home)


def _environment(home: Path, url: str, servers: Servers) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "KAFKA_BOOTSTRAP_SERVERS": servers.broker.bootstrap if servers.broker else "",
        "KAFKA_SESSION_S": SESSION_S,
        "REDIS_URL": servers.redis.url if servers.redis else "",
        "ARTIFACT_URL": str(home / "artifacts"),
        "LINE_HOME": str(home),
        "WORKER_CACHE": str(home / "bundles"),
        "WORKER_ENGINE": "torch-cpu-float32",
        # A camera that has seen its last frame waits for the bus as long as an outage may last.
        "INGEST_DRAIN_S": "120",
        "OMP_NUM_THREADS": "1",
    }


def draw_pictures(folder: Path) -> None:
    """Small grey plates; every sixth has a white spot, which brightness alone finds."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(1)
    for number in range(PICTURES):
        pixels = random.integers(60, 80, (SIDE, SIDE, 3), np.uint8)
        if number % 6 == 0:
            pixels[40:56, 40:56] = 255
        cv2.imwrite(str(folder / f"{number:03d}.png"), pixels)
