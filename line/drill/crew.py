"""The workers of a drill: started, killed, frozen, woken and asked to end, each process under a name of its own."""

import signal
import time
from dataclasses import dataclass, field

import psutil

from core.errors import LineError
from line.drill.judged_logs import JudgedLogs
from line.drill.memory import peak_memory_mb
from line.drill.place import DrillLine

LOOK_AT_MEMORY_S = 0.25
READY = "model_taken"
"""The log event of a worker that has its first model."""


class NotClean(LineError):
    """A worker that was asked to end did not end by itself, or not with 0: its last words stand above."""


@dataclass
class Crew:
    """Who works now; `stopped_within_s` and `peak_memory_mb` are the worst of all that ever did."""

    line: DrillLine
    logs: JudgedLogs
    names: list[str] = field(default_factory=list)
    started: int = 0
    stopped_within_s: float = 0.0
    peak_memory_mb: float = 0.0
    _looked_at: float = float("-inf")

    def start(self, freeze_at: str = "", *arguments: str) -> str:
        """One more worker; it freezes itself at this entry of its diary, if one is named."""
        self.started += 1
        name = f"worker-{self.started}"
        environment = {"WORKER_JUDGED_LOG": str(self.logs.path(name)), "WORKER_FREEZE_AT": freeze_at}
        self.line.stations.start(name, "worker", *arguments, environment=environment)
        self.names.append(name)
        return name

    def fill(self, count: int) -> None:
        """Start workers until there are so many."""
        while len(self.names) < count:
            self.start()

    def kill(self, *names: str) -> None:
        """SIGKILL, all at once."""
        self.look(at_once=True)
        processes = [self.line.stations.running.pop(name) for name in names]
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()
        self._forget(names)

    def terminate(self, *names: str) -> None:
        """SIGTERM, all at once, and how long it took the slowest.

        Raises:
            NotClean: One of them did not end by itself with 0.
        """
        self.look(at_once=True)
        processes = {name: self.line.stations.running[name] for name in names}
        begun = time.monotonic()
        late = self.line.stations.stop(*names)
        self.stopped_within_s = max(self.stopped_within_s, time.monotonic() - begun)
        self._forget(names)
        codes = {name: process.returncode for name, process in processes.items() if process.returncode}
        if late or codes:
            raise NotClean(f"killed after waiting: {late}, exit codes: {codes}")

    def freeze(self, name: str) -> None:
        """SIGSTOP: it neither works nor says goodbye."""
        self.line.stations.running[name].send_signal(signal.SIGSTOP)

    def wake(self, name: str) -> None:
        """SIGCONT: it goes on where it was, knowing nothing."""
        self.line.stations.running[name].send_signal(signal.SIGCONT)

    def is_frozen(self, name: str) -> bool:
        """Whether the system says that it stands still."""
        return psutil.Process(self.line.stations.running[name].pid).status() == psutil.STATUS_STOPPED

    def is_ready(self, name: str) -> bool:
        """Whether it has its first model."""
        path = self.line.stations.logs / f"{name}.log"
        return path.exists() and READY in path.read_text(errors="replace")

    def look(self, at_once: bool = False) -> None:
        """Remember the most memory any of them has had."""
        if at_once or time.monotonic() - self._looked_at >= LOOK_AT_MEMORY_S:
            self._looked_at = time.monotonic()
            pids = [self.line.stations.running[name].pid for name in self.names]
            self.peak_memory_mb = max([self.peak_memory_mb, *map(peak_memory_mb, pids)])

    def _forget(self, names: tuple[str, ...]) -> None:
        self.names = [name for name in self.names if name not in names]
