"""The station's side of the workshop: a job runs in a process of its own, watched, paused, ended."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import LineError
from retrain.workshop.jobs import LOG, PROGRESS, RESULT, Job, write_job

LOOK_S = 0.5
LAST_WORDS = 300
ENDS_WITHIN_S = 10.0


class WorkshopFailed(LineError):
    """The training process ended without a result: the line is untouched, and what it said last stands here."""


class WorkshopStopped(LineError):
    """The training process was told to end before it was done."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How a job is looked after.

    `tell` hears its share and stage; `reason_to_stop` is asked at every look and says why, or nothing; while
    `must_yield` the process is held and takes no processor time; `rest` waits for so many seconds.
    """

    tell: Callable[[float, str], None]
    reason_to_stop: Callable[[], str]
    must_yield: Callable[[], bool]
    rest: Callable[[float], object]


def worked(job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
    """The job's result.

    Raises:
        WorkshopFailed: It crashed, was killed, or could not do it.
        WorkshopStopped: There was a reason to stop; `detail` is that reason.
    """
    write_job(folder, job)
    (folder / RESULT).unlink(missing_ok=True)
    (folder / PROGRESS).unlink(missing_ok=True)
    with (folder / LOG).open("wb") as log:
        command = [sys.executable, "-m", "retrain.workshop", str(folder), str(os.getpid())]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            _look_after(process, folder, watch)
        finally:
            _end(process)
    if process.returncode or not (folder / RESULT).exists():
        raise WorkshopFailed(f"{_how(process.returncode)}: {_last_words(folder)}")
    result: Mapping[str, Any] = json.loads((folder / RESULT).read_text())
    return result


def _look_after(process: "subprocess.Popen[bytes]", folder: Path, watch: Watch) -> None:
    held = False
    while process.poll() is None:
        _tell(folder, watch)
        if reason := watch.reason_to_stop():
            raise WorkshopStopped(reason)
        if watch.must_yield() is not held:
            held = not held
            os.killpg(process.pid, signal.SIGSTOP if held else signal.SIGCONT)
        watch.rest(LOOK_S)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """At once: a job leaves nothing but files in its own folder. All its processes, for torch may have started some."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(ENDS_WITHIN_S)


def _tell(folder: Path, watch: Watch) -> None:
    try:
        said = json.loads((folder / PROGRESS).read_text())
        watch.tell(min(float(said["share"]), 0.999), str(said["stage"]))
    except (OSError, ValueError, KeyError):
        return  # not written yet


def _how(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"


def _last_words(folder: Path) -> str:
    text = (folder / LOG).read_text(errors="replace").strip()
    return text.splitlines()[-1][-LAST_WORDS:] if text else "it said nothing"
