"""The training process as the station watches it."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest

pytestmark = pytest.mark.slow

STATION = """
import sys
from pathlib import Path
from threading import Event
from model.again.lessons import Beginning, FirstLesson
from retrain.workshop.jobs import Bounds, FirstJob
from retrain.workshop_door import Watch, worked
folder = Path(sys.argv[1])
begins, pictures = Beginning("resnet18", "random", 0.0, ""), [str(folder / "part.png")]
lesson = FirstLesson(begins, str(folder / "out"), pictures, [], 64, 64, None, None, None, 0.1, 0.1, 1)
quiet = Watch(lambda *_: None, lambda: "", lambda: False, Event().wait)
worked(FirstJob(Bounds(idle=False), lesson), folder / "train", quiet)
"""


def test_a_training_ends_with_the_station_that_watches_it(tmp_path: Path) -> None:
    """kill -9: nobody would hold it while frames wait, nor cancel it, and whoever takes over trains a second time."""
    os.mkfifo(tmp_path / "part.png")  # nobody writes into it: whoever reads it waits for ever
    with subprocess.Popen([sys.executable, "-c", STATION, str(tmp_path)]) as station:
        writing = opened_by_the_training(tmp_path / "part.png")
        training = child_of(station.pid)
        station.kill()
    try:
        assert ended(training, within_s=20)
    finally:
        os.close(writing)
        with suppress(ProcessLookupError):
            os.kill(training, 9)


def opened_by_the_training(pipe: Path) -> int:
    """Our end of the pipe, once the training reads from the other."""
    give_up_at = time.monotonic() + 100
    while time.monotonic() < give_up_at:
        with suppress(OSError):
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        Event().wait(0.1)
    raise AssertionError("the training did not begin")


def child_of(pid: int) -> int:
    """The only one."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def ended(pid: int, within_s: float) -> bool:
    """Whether it is gone, or dead and waits for its parent to notice."""
    give_up_at = time.monotonic() + within_s
    while time.monotonic() < give_up_at:
        with suppress(FileNotFoundError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                Event().wait(0.1)
                continue
        return True
    return False
