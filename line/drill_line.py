"""A line of its own for one drill: its servers, its folder, its cameras and its worker, as real processes."""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from sqlalchemy import create_engine

from core.adapters import embedded
from core.adapters.ledger import PostgresLedger
from core.errors import LineError, SettingRefused
from line.services.daemon import free_port
from line.services.kafka_broker import start_kafka
from line.stations import Stations, run_to_end

PRODUCT = "drill"
PICTURES = 24
SIDE = 96
SESSION_S = "6"
POOL = 5


class DrillRefused(LineError):
    """A step before the drill failed: what it said stands above."""


@dataclass(frozen=True)
class DrillLine:
    """Running servers with a migrated database, a promoted detector and pictures to show."""

    home: Path
    bus: str
    environment: Mapping[str, str]
    stations: Stations
    ledger: PostgresLedger

    @property
    def pictures(self) -> Path:
        """What the cameras see."""
        return self.home / "pictures"

    @property
    def judged_log(self) -> Path:
        """What the workers write down outside Postgres."""
        return self.home / "judged.jsonl"

    def journal(self, camera: str) -> Path:
        """What a camera writes down outside Postgres."""
        return self.home / "journal" / f"{camera}.jsonl"

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


@contextmanager
def drill_line(bus: str) -> Iterator[DrillLine]:
    """Start everything but cameras and workers in a folder of its own; stop and remove it all afterwards.

    Raises:
        SettingRefused: A bus that is not known.
        ServerMissing: Kafka cannot be had on this machine.
    """
    if bus not in ("postgres", "kafka"):
        raise SettingRefused(f"--bus {bus}: postgres or kafka")
    with tempfile.TemporaryDirectory(prefix="drill-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        home.chmod(0o755)  # the embedded server runs as a user of its own where we are root
        broker = start_kafka(home / "kafka", free_port()) if bus == "kafka" else None
        try:
            yield from _on_postgres(home, bus, broker.bootstrap if broker else "")
        finally:
            if broker:
                broker.kill()


def _on_postgres(home: Path, bus: str, bootstrap: str) -> Iterator[DrillLine]:
    url = embedded.embedded_url(home)
    environment = {
        "DATABASE_URL": url,
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "KAFKA_SESSION_S": SESSION_S,
        "REDIS_URL": "",
        "ARTIFACT_URL": str(home / "artifacts"),
        "LINE_HOME": str(home),
        "WORKER_CACHE": str(home / "bundles"),
        "WORKER_JUDGED_LOG": str(home / "judged.jsonl"),
    }
    engine = create_engine(url, pool_size=POOL)
    try:
        _run("core", ["migrate"], environment)
        _run("worker.brightness", ["--product", PRODUCT], environment)
        draw_pictures(home / "pictures")
        with Stations(environment, home / "logs") as stations:
            yield DrillLine(home, bus, environment, stations, PostgresLedger(engine, tells=bool(bootstrap)))
    finally:
        engine.dispose()
        embedded.stop(home)


def _run(module: str, arguments: list[str], environment: Mapping[str, str]) -> None:
    if run_to_end(module, arguments, environment) != 0:
        raise DrillRefused(f"{Path(sys.executable).name} -m {module} {' '.join(arguments)}")


def draw_pictures(folder: Path) -> None:
    """Small grey plates; every sixth has a white spot, which brightness alone finds."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(1)
    for number in range(PICTURES):
        pixels = random.integers(60, 80, (SIDE, SIDE, 3), np.uint8)
        if number % 6 == 0:
            pixels[40:56, 40:56] = 255
        cv2.imwrite(str(folder / f"{number:03d}.png"), pixels)
