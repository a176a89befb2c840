"""Tells the ledger, about once a second, what the camera has counted: beside the frames, never in their way."""

from collections.abc import Callable
from threading import Event

import structlog

from core.errors import LineError
from core.inspection import CameraRun
from core.ports import CameraRegistry

log = structlog.get_logger()


class LateRegistry:
    """A registry that is opened when it is first needed, and again after it could not be."""

    def __init__(self, open_registry: Callable[[], CameraRegistry]) -> None:
        self._open = open_registry
        self._registry: CameraRegistry | None = None

    def report(self, run: CameraRun) -> None:
        """Open if necessary, then report."""
        if self._registry is None:
            self._registry = self._open()
        self._registry.report(run)

    def runs(self) -> list[CameraRun]:
        """Open if necessary, then ask."""
        if self._registry is None:
            self._registry = self._open()
        return self._registry.runs()


class Reporter:
    """Owned by one thread. A ledger that is away costs the camera nothing but the newest numbers on the page."""

    def __init__(self, registry: CameraRegistry, current: Callable[[bool], CameraRun], interval_s: float) -> None:
        self._registry = registry
        self._current = current
        self._interval_s = interval_s
        self._reachable = True

    def run(self, ended: Event) -> None:
        """Report until the end, and once more then: that nothing more is to be expected."""
        self.report()
        while not ended.wait(self._interval_s):
            self.report()
        self.report(ended=True)

    def report(self, ended: bool = False) -> None:
        """Report once; a ledger that is away, or refuses, is noted when it does so first and when it is well again."""
        try:
            self._registry.report(self._current(ended))
        except LineError as error:
            if self._reachable:
                log.warning("report_refused", error=str(error))
            self._reachable = False
            return
        if not self._reachable:
            log.info("report_accepted_again")
        self._reachable = True
