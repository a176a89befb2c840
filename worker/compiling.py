"""Graphs are compiled beside the line, in processes of their own; when one is kept, its model is loaded anew."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Protocol

import structlog

from core.ports import Detector
from core.product import ModelVersion

GRAPHS = "graphs"
"""Subfolder of the cache that keeps compiled graphs."""
LOWEST_PRIORITY = 19
"""Of the system: a compiler takes what judging leaves."""
AGAIN_AFTER_S = 24 * 3600.0
"""Between two tries of one graph."""
PATIENCE_S = 5.0
"""Seconds a compiler has to end when the worker does."""

log = structlog.get_logger("worker")


class Running(Protocol):
    """A process, as far as it matters here; `subprocess.Popen` is one."""

    def poll(self) -> int | None:
        """Its exit status; None while it runs."""
        ...

    def terminate(self) -> None:
        """Ask it to end."""
        ...

    def wait(self, timeout: float) -> int:
        """Wait for its end."""
        ...


@dataclass(frozen=True, slots=True)
class Compilation:
    """One graph that is missing."""

    bundle: Path
    sha256: str
    engine: str
    device: str
    graphs: Path

    @property
    def words(self) -> list[str]:
        """The command that makes it."""
        options = ("--bundle", self.bundle, "--engine", self.engine, "--graphs", self.graphs, "--device", self.device)
        return [sys.executable, "-m", "model", "compile", *map(str, options), "--threads", "1"]


StartProcess = Callable[[Sequence[str]], Running]


def start_with_low_priority(words: Sequence[str]) -> Running:
    """What it prints is dropped but its errors; it holds neither the bus nor the database."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    os.setpriority(os.PRIO_PROCESS, process.pid, LOWEST_PRIORITY)
    return process


class Compilations:
    """A missing graph is tried once a day: one that cannot be compiled not for ever, one that has gone since again."""

    def __init__(
        self, start: StartProcess = start_with_low_priority, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._start = start
        self._monotonic = monotonic
        self._lock = Lock()
        self._running: dict[str, tuple[Compilation, Running]] = {}
        self._kept: dict[str, str] = {}
        self._tried_at: dict[str, float] = {}

    def begin(self, missing: Compilation) -> None:
        """Start it unless it has been tried today. Called from the threads that load models."""
        with self._lock:
            now = self._monotonic()
            if now - self._tried_at.get(missing.sha256, float("-inf")) < AGAIN_AFTER_S:
                return
            self._tried_at[missing.sha256] = now
            self._kept.pop(missing.sha256, None)
            self._running[missing.sha256] = (missing, self._start(missing.words))
        log.info("compiling_begun", engine=missing.engine, bundle=missing.sha256[:12])

    def is_better_ready(self, model: ModelVersion, detector: Detector) -> bool:
        """Whether the graph of another engine than this detector's has been kept for the model's bundle."""
        self._look()
        return self._kept.get(model.bundle.sha256, detector.engine) != detector.engine

    def _look(self) -> None:
        with self._lock:
            ended = {sha256: one for sha256, one in self._running.items() if one[1].poll() is not None}
            for sha256 in ended:
                del self._running[sha256]
        for sha256, (compilation, process) in ended.items():
            self._take_note(sha256, compilation.engine, process.poll() == 0)

    def _take_note(self, sha256: str, engine: str, kept: bool) -> None:
        if not kept:
            log.warning("compiling_failed", engine=engine, bundle=sha256[:12])
            return
        self._kept[sha256] = engine
        log.info("compiling_ended", engine=engine, bundle=sha256[:12])

    def close(self) -> None:
        """End what runs: a graph half made leaves nothing behind that anybody would open."""
        with self._lock:
            processes = [process for _, process in self._running.values()]
            self._running.clear()
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(PATIENCE_S)
