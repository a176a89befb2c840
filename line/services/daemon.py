"""A server process that outlives whoever started it: found again by its pid file, known by its command line."""

import os
import secrets
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import LineError

POLL_S = 0.1
GONE_S = 10.0
FIRST_OUR_PORT, LAST_OUR_PORT = 20_000, 30_000


class ServerMissing(LineError):
    """This server cannot be had on this machine as it is; the words in brackets bring it."""


@dataclass(frozen=True)
class Daemon:
    """One server: what starts it, where it writes, and the port it answers on.

    `mark` is a word of the command line that no other process has (a path in its own folder), so that a pid
    which the machine has given to somebody else is never taken for ours.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    port: int
    mark: str

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        """Who it is."""
        return self.folder / f"{self.name}.pid"

    def start(self, timeout_s: float) -> None:
        """Start it unless it runs, and wait until its port answers.

        Raises:
            ServerMissing: The port is somebody else's, the server ended, or it took longer than the timeout.
        """
        if self.pid() is None:
            self._launch()
        deadline = time.monotonic() + timeout_s
        while not answers(self.port):
            if self.pid() is None or time.monotonic() > deadline:
                raise ServerMissing(f"{self.name} did not start on port {self.port}, see {self.log}")
            time.sleep(POLL_S)

    def _launch(self) -> None:
        if answers(self.port):
            raise ServerMissing(f"port {self.port} is taken by another program: choose another --{self.name}-port")
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C in the terminal that started it must not end the server.
            started = subprocess.Popen(
                self.command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.pid_file.write_text(str(started.pid))

    def pid(self) -> int | None:
        """Its process id while it runs."""
        if not self.pid_file.exists():
            return None
        pid = int(self.pid_file.read_text())
        return pid if self.mark in command_line(pid) else None

    def stop(self, timeout_s: float = 20) -> None:
        """Ask it to end, insist after the timeout. Safe where it does not run."""
        deadline = time.monotonic() + timeout_s
        pid = self.pid()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            while self.pid() is not None and time.monotonic() < deadline:
                time.sleep(POLL_S)
        self.kill()

    def kill(self) -> None:
        """SIGKILL, as a power cut would; back when it is gone."""
        pid = self.pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            self._wait_until_gone()
        self.pid_file.unlink(missing_ok=True)

    def _wait_until_gone(self) -> None:
        """Until its port is free, too: the last of a killed program's threads holds on to it for a moment."""
        deadline = time.monotonic() + GONE_S
        while (self.pid() is not None or answers(self.port)) and time.monotonic() < deadline:
            time.sleep(POLL_S)


def command_line(pid: int) -> str:
    """The command line of a running process; empty where there is none (an ended child counts as none)."""
    found = subprocess.run(["ps", "-ww", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def answers(port: int) -> bool:
    """Whether something on this machine accepts connections on the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False


def free_port() -> int:
    """A port that nobody has right now, below those that systems give to clients.

    A client that knocks on a stopped server's port from the very same port would be connected to itself, and the
    server could not come back.
    """
    while True:
        port = secrets.randbelow(LAST_OUR_PORT - FIRST_OUR_PORT) + FIRST_OUR_PORT
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
