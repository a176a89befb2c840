"""One camera's process: its row travels through a pipe, so that no password is on a command line.

The pipe stays open as long as the parent lives: a camera whose parent was killed sees it close, and ends.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from core.camera import ConfiguredCamera
from core.errors import SettingRefused

LINE_LIMIT = 64 * 1024


class ChildProcess:
    """CameraProcess: `python -m ingest --from-stdin`, in a session of its own: Ctrl-C reaches the parent only."""

    def __init__(self, camera: ConfiguredCamera, journal: Path | None) -> None:
        told = ["--journal", str(journal)] if journal else []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ingest", "--from-stdin", *told],
            stdin=subprocess.PIPE,
            start_new_session=True,
            # One port cannot serve several cameras: the second would not start. The parent serves it for them all.
            env=os.environ | {"INGEST_METRICS_PORT": "0"},
        )
        assert self._process.stdin is not None  # noqa: S101 - as asked for with PIPE
        with suppress(OSError):  # it has ended already: its exit code says so
            self._process.stdin.write(to_line(camera))
            self._process.stdin.flush()

    def exit_code(self) -> int | None:
        """As the operating system says."""
        code = self._process.poll()
        if code is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        return code

    def stop(self) -> None:
        """SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()


def launcher(journals: Path | None) -> Callable[[ConfiguredCamera], ChildProcess]:
    """Starts cameras, each with a journal of its own in the folder where one is named."""
    return lambda camera: ChildProcess(camera, journals / f"{camera.name}.jsonl" if journals else None)


def to_line(camera: ConfiguredCamera) -> bytes:
    """The camera as one line."""
    return json.dumps(camera.to_json()).encode() + b"\n"


def from_line(line: bytes) -> ConfiguredCamera:
    """The camera of a line; what is wrong with it is said without repeating it, for it may hold a password.

    Raises:
        SettingRefused: It is no camera's line.
    """
    try:
        return ConfiguredCamera.from_json(json.loads(line))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise SettingRefused("--from-stdin wants a camera as one line of JSON; it is for --from-database") from None


def read_camera(file: int = 0) -> ConfiguredCamera:
    """The camera that the parent sends first; raises as `from_line` does.

    Read byte by byte from the file descriptor: a thread that waits in Python's own buffer for the end would keep the
    process from ending.
    """
    line = b""
    while not line.endswith(b"\n") and len(line) < LINE_LIMIT and (byte := os.read(file, 1)):
        line += byte
    return from_line(line)


def stop_with_parent(stop: Event, file: int = 0) -> None:
    """Set `stop` once the parent's end of the pipe is closed: it ended, by whatever means."""

    def wait_for_the_end() -> None:
        while os.read(file, 1024):
            pass
        stop.set()

    Thread(target=wait_for_the_end, name="parent", daemon=True).start()
