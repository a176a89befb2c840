"""Keeps one process per camera as the cameras' rows say, each on its own: none stops because another is changed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from typing import Protocol

import structlog

from core.camera import ConfiguredCamera
from ingest.pacing import Monotonic

PROVEN_S = 60.0
"""A process that ran for so long is started again at once; one that ended sooner is waited for, ever longer."""

STOP_WITHIN_S = 8.0
"""A camera drains for INGEST_DRAIN_S; one that has not ended after this hangs, and is killed: before a supervisor,
which commonly waits ten seconds, kills this process and leaves that to chance."""

SOURCE_ENDED = 3
"""The exit code of a camera whose recording was played to its end. Any other end, however calm, was not the row's."""

log = structlog.get_logger()


class CameraProcess(Protocol):
    """A camera's process as this one sees it."""

    def exit_code(self) -> int | None:
        """None while it runs."""
        ...

    def stop(self) -> None:
        """Ask it to end: it finishes what is in flight. Safe to call when it has ended."""
        ...

    def kill(self) -> None:
        """End it. Safe to call when it has ended."""
        ...


Launcher = Callable[[ConfiguredCamera], CameraProcess]
"""Starts a camera's process; raises OSError where the machine has no room for one more."""


@dataclass
class Berth:
    """A camera's process, and the row it was started for. `kill_at` is set once it was asked to end."""

    camera: ConfiguredCamera
    process: CameraProcess
    started_at: float
    kill_at: float | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    """When a camera whose process ended by itself is started again; never, for this row, where it had come to its end.

    A row that was changed is tried at once: somebody may have corrected it.
    """

    camera: ConfiguredCamera
    until: float
    delay_s: float


class Fleet:
    """Owned by one thread, which calls `tend` with the rows every few seconds."""

    def __init__(
        self, launch: Launcher, monotonic: Monotonic, first_delay_s: float = 1.0, longest_delay_s: float = 30.0
    ) -> None:
        self._launch = launch
        self._monotonic = monotonic
        self._first_delay_s = first_delay_s
        self._longest_delay_s = longest_delay_s
        self._berths: dict[str, Berth] = {}
        self._rests: dict[str, Rest] = {}
        self._starts: dict[str, int] = {}

    @property
    def running(self) -> list[str]:
        """The names of the cameras that have a process, one that is ending included."""
        return sorted(self._berths)

    @property
    def failed(self) -> list[str]:
        """The names of those that ended by themselves, or could not be started, and are started again."""
        return sorted(name for name, rest in list(self._rests.items()) if rest.until < inf and name not in self._berths)

    @property
    def starts(self) -> dict[str, int]:
        """How often each camera's process was started."""
        return dict(self._starts)

    def tend(self, cameras: Iterable[ConfiguredCamera]) -> None:
        """Bring the processes one step nearer to these rows; never waits for any of them."""
        wanted = {camera.name: camera for camera in cameras if camera.enabled}
        for name, berth in list(self._berths.items()):
            if (code := berth.process.exit_code()) is not None:
                del self._berths[name]
                self._note_end(berth, code)
            elif wanted.get(name) != berth.camera:
                self._end(berth)
        for name, camera in wanted.items():
            if name not in self._berths and self._is_due(camera):
                self._start(camera)
        self._rests = {name: rest for name, rest in self._rests.items() if wanted.get(name) == rest.camera}

    def close(self, rest: Callable[[float], object]) -> None:
        """End all of them at once, wait for them, and kill what does not end in time."""
        while self._berths:
            self.tend([])
            rest(0.05)

    def _start(self, camera: ConfiguredCamera) -> None:
        self._starts[camera.name] = self._starts.get(camera.name, 0) + 1
        log.info("camera_process_started", camera=camera.name, product=camera.product, source=camera.shown_source)
        try:
            self._berths[camera.name] = Berth(camera, self._launch(camera), self._monotonic())
        except OSError as error:
            # The others run on: one camera too many is no reason to stop them all.
            log.error("camera_process_refused", camera=camera.name, error=error.strerror)
            self._rests[camera.name] = Rest(camera, self._monotonic() + self._longest_delay_s, self._longest_delay_s)

    def _end(self, berth: Berth) -> None:
        now = self._monotonic()
        if berth.kill_at is None:
            log.info("camera_process_stopping", camera=berth.camera.name)
            berth.process.stop()
            berth.kill_at = now + STOP_WITHIN_S
        elif now >= berth.kill_at:
            log.warning("camera_process_killed", camera=berth.camera.name)
            berth.process.kill()

    def _is_due(self, camera: ConfiguredCamera) -> bool:
        rest = self._rests.get(camera.name)
        return rest is None or rest.camera != camera or self._monotonic() >= rest.until

    def _note_end(self, berth: Berth, code: int) -> None:
        name, now = berth.camera.name, self._monotonic()
        if berth.kill_at is not None:
            log.info("camera_process_ended", camera=name, code=code)
        elif code == SOURCE_ENDED:
            # A recording was played to its end: playing it again would inspect every part twice.
            log.info("camera_source_ended", camera=name)
            self._rests[name] = Rest(berth.camera, inf, self._first_delay_s)
        else:
            delay_s = self._next_delay_s(berth, now)
            log.warning("camera_process_failed", camera=name, code=code, again_in_s=delay_s)
            self._rests[name] = Rest(berth.camera, now + delay_s, delay_s)

    def _next_delay_s(self, berth: Berth, now: float) -> float:
        rest = self._rests.get(berth.camera.name)
        if rest is None or rest.camera != berth.camera or now - berth.started_at >= PROVEN_S:
            return self._first_delay_s
        return min(2 * rest.delay_s, self._longest_delay_s)
