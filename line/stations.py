"""Stations as processes of this machine: started with a log file each, stopped with a deadline each."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

STOP_WITHIN_S = 15.0


@dataclass
class Stations:
    """The processes that run, in the order they were started; leaving the block stops them in reverse."""

    environment: Mapping[str, str]
    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(
        self, name: str, module: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start `python -m module` with its output in logs/NAME.log; `environment` is this process's alone."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            # A session of its own: Ctrl-C reaches only the one who stops the others in order.
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env={**os.environ, **self.environment, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.running[name]

    def stop(self, *names: str) -> list[str]:
        """SIGTERM to these at once, then wait; what does not end in time is killed and returned by name."""
        stopping = {name: self.running.pop(name) for name in names if name in self.running}
        for process in stopping.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        return [name for name, process in stopping.items() if not _ended(process)]

    def ended(self) -> dict[str, int]:
        """Stations that are no longer running though nobody stopped them, with their exit codes."""
        codes = {name: process.poll() for name, process in self.running.items()}
        return {name: code for name, code in codes.items() if code is not None}

    def last_words(self, name: str, lines: int = 15) -> str:
        """The end of a station's log."""
        path = self.logs / f"{name}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop(*reversed(list(self.running)))


def run_to_end(module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run `python -m module` in the foreground and return its exit code."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments], env=os.environ | environment, check=False
    ).returncode


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True
