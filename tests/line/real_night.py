"""A line of real processes on real images, and the night that teaches it: Postgres, worker, camera and workshop."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event

from sqlalchemy import select

from core.access import Person
from core.adapters import wiring
from core.adapters.ledger import PostgresLedger
from core.adapters.schema import inspection
from core.frame import FrameId
from core.retraining import TrainingRun
from core.review import Opinion, PartKey
from core.review_service import judge_part
from core.settings import LineSettings
from core.verdict import Decision
from ingest.journal import read_journal
from line.stations import Stations
from model.bundle import bundle_sha256, read_letter
from model.images import decode
from retrain.night import run_night
from retrain.promotion import read_with
from retrain.shop import Order, Shop
from retrain.station import Station
from retrain.workshop.jobs import Bounds

PRODUCT, CAMERA = "ballscrew", "line1-top"
ANNA = Person.at_this_machine("anna")
READ = read_with(lambda folder: read_letter(folder).threshold, bundle_sha256)
COMES_WITHIN_S = 600.0
Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Judged:
    """A row of the ledger, and what it was judged by."""

    part: PartKey
    sha256: str
    decision: Decision
    model: int
    judged_at: datetime

    @property
    def key(self) -> Key:
        """As a journal names it."""
        frame = self.part.frame_id
        return frame.camera, frame.start_id, frame.sequence


@dataclass
class RealLine:
    """Its place, its ledger and its processes; `night_at` is the clock of whatever belongs to the night."""

    folder: Path
    environment: Mapping[str, str]
    stations: Stations
    night_at: datetime
    ledger: PostgresLedger = field(init=False)
    cameras: int = 0

    def __post_init__(self) -> None:
        self.ledger = wiring.open_ledger(self.settings)

    @property
    def settings(self) -> LineSettings:
        """As the processes read them."""
        values = self.environment
        return LineSettings(database_url=values["DATABASE_URL"], artifact_url=values["ARTIFACT_URL"])

    def run(self, module: str, *arguments: str) -> str:
        """`python -m module` to its end, and what it printed."""
        command = [sys.executable, "-m", module, *arguments]
        environment = os.environ | dict(self.environment)
        return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    def journal(self, name: str) -> Path:
        """What this start of the camera wrote down outside Postgres."""
        return self.folder / f"{name}.jsonl"

    def start_camera(self, source: Path, rate: float, *arguments: str) -> str:
        """The camera shows the folder, round by round; returns the start's name."""
        self.cameras += 1
        name = f"camera-{self.cameras}"
        chosen = ("--camera", CAMERA, "--product", PRODUCT, "--source", f"folder:{source}", "--rate", f"{rate:g}")
        self.stations.start(name, "ingest", *chosen, "--journal", str(self.journal(name)), *arguments)
        return name

    def captured(self, name: str) -> set[Key]:
        """The frames of this start."""
        return {(one.camera, one.start_id, one.sequence) for one in read_journal(self.journal(name)).captured}

    def rows(self, captured: set[Key] | None = None) -> list[Judged]:
        """All rows, or those of these frames, in the order in which they were captured."""
        own = inspection.c
        names = ("captured_at", "camera", "start_id", "sequence", "sha256", "decision", "model_version_id", "judged_at")
        query = select(*(own[name] for name in names)).order_by(own.captured_at, own.sequence)
        with self.ledger.engine.connect() as connection:
            found = [
                Judged(PartKey(at, FrameId(camera, start, number)), sha256, Decision(decision), model or 0, judged_at)
                for at, camera, start, number, sha256, decision, model, judged_at in connection.execute(query)
            ]
        return [row for row in found if captured is None or row.key in captured]

    def inspect(self, source: Path, frames: int, rate: float) -> list[Judged]:
        """So many frames of the folder, to their rows."""
        name = self.start_camera(source, rate, "--frames", str(frames))
        wait_until(lambda: len(self.rows(self.captured(name))) >= frames, self.stations, "not all frames have a row")
        self.stations.stop(name)
        return self.rows(self.captured(name))

    def review(self, rows: Sequence[Judged], opinions: Mapping[str, Opinion], at: datetime) -> None:
        """A person says of each part, named by its picture's hash, what it is: through the review service."""
        for row in rows:
            judge_part(ANNA, row.part, opinions[row.sha256], 0, self.ledger, at)

    def night(self, slot: str) -> TrainingRun:
        """The station runs the product's night, as the timetable has it do."""
        station = Station(
            self.ledger, lambda order: run_night(order, self.shop()), begin_nothing, self.clock, "station"
        )
        assert station.run_slot(Order(PRODUCT, slot, station.who, "nightly"))
        return self.newest_run()

    def newest_run(self) -> TrainingRun:
        """As its row says."""
        return self.ledger.training_runs(PRODUCT, 1)[0]

    def clock(self) -> datetime:
        """It is night."""
        return self.night_at

    def shop(self) -> Shop:
        """One thread, at ordinary priority: a machine that others use too never has idle time enough."""
        return Shop(
            self.ledger,
            wiring.open_artifacts(self.settings),
            decode,
            READ,
            self.clock,
            self.folder / "retrain",
            Bounds(threads=1, idle=False),
            check_stop=lambda: None,
            rest=Event().wait,
        )


def begin_nothing(work: Callable[[], object]) -> None:
    """The night is run in the foreground."""


def wait_until(is_so: Callable[[], bool], stations: Stations, otherwise: str, within_s: float = COMES_WITHIN_S) -> None:
    """Look again and again, while all stations run."""
    until, pause = time.monotonic() + within_s, Event()
    while not _is_so(is_so):
        gone = {name: code for name, code in stations.ended().items() if code}
        assert not gone, f"{gone}: {[stations.last_words(name) for name in gone]}"
        assert time.monotonic() < until, otherwise
        pause.wait(0.5)


def _is_so(is_so: Callable[[], bool]) -> bool:
    with suppress(FileNotFoundError):  # a journal that is not begun yet
        return is_so()
    return False


def sha256_of_file(path: Path) -> str:
    """As the camera names its picture."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
