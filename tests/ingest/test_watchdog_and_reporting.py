"""A source that fails is opened again; a ledger that is away costs only the newest numbers."""

from dataclasses import dataclass, field
from threading import Event

import pytest

from core.adapters.in_memory_ledger import MemoryLedger
from core.errors import LedgerUnavailable
from core.inspection import CameraRun
from ingest.cameras import Camera, CameraSilent, Capture
from ingest.counters import Counts, to_camera_run
from ingest.reporting import LateRegistry, Reporter
from ingest.watchdog import ReopeningCamera
from tests.ingest.twins import IDENTITY, NOON, SILENT, HandClock, ListCamera

PICTURE = Capture(b"picture")


@dataclass
class Openings:
    """Hands out cameras one after the other; an error among them is raised."""

    cameras: list[Camera | Exception]
    opened_at: list[float] = field(default_factory=list)
    clock: HandClock = field(default_factory=HandClock)

    def __call__(self) -> Camera:
        self.opened_at.append(self.clock())
        camera = self.cameras.pop(0)
        if isinstance(camera, Exception):
            raise camera
        return camera


def test_a_source_that_failed_is_closed_and_opened_again() -> None:
    """One failed read does not end a camera."""
    first, second = ListCamera([PICTURE, SILENT]), ListCamera([PICTURE])
    openings = Openings([first, second])
    camera = ReopeningCamera(openings, openings.clock, 1.0, 8.0)
    camera.grab()
    with pytest.raises(CameraSilent):
        camera.grab()
    openings.clock.rest(1.0)
    assert camera.grab() == PICTURE
    assert first.closed
    camera.close()
    assert second.closed


def test_the_pauses_between_attempts_double_up_to_a_bound_and_start_anew_after_a_picture() -> None:
    """However often the line asks meanwhile, the source is only tried when its pause is over."""
    openings = Openings([*[SILENT] * 6, ListCamera([PICTURE, SILENT]), *[SILENT] * 99])
    camera = ReopeningCamera(openings, openings.clock, 1.0, 8.0)
    for _ in range(80):
        try:
            camera.grab()
        except CameraSilent:
            openings.clock.rest(0.5)
    pauses = [after - before for before, after in zip(openings.opened_at, openings.opened_at[1:], strict=False)]
    assert pauses[:8] == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 1.0, 2.0]


@dataclass
class MoodyRegistry:
    """A registry that is away as often as it is told, then well."""

    away: int
    ledger: MemoryLedger = field(default_factory=MemoryLedger)

    def report(self, run: CameraRun) -> None:
        if self.away:
            self.away -= 1
            raise LedgerUnavailable("away")
        self.ledger.report(run)

    def runs(self) -> list[CameraRun]:
        return self.ledger.runs()


def run(captured: int = 3) -> CameraRun:
    return to_camera_run(IDENTITY, Counts(captured=captured, dropped=1), NOON)


def test_the_report_says_what_was_captured_and_dropped() -> None:
    """Under the camera's name and start."""
    registry = MoodyRegistry(0)
    Reporter(registry, run, 1.0).report()
    assert registry.runs() == [CameraRun("line1-top", "0123456789ab", "disc", 3, 1, NOON)]


def test_a_ledger_that_is_away_is_no_error_and_is_told_when_it_is_back() -> None:
    """The camera goes on meanwhile."""
    registry = MoodyRegistry(2)
    reporter = Reporter(registry, run, 1.0)
    for expected in (0, 0, 1):
        reporter.report()
        assert len(registry.runs()) == expected


def test_the_last_numbers_are_reported_at_the_end() -> None:
    """A stopped camera's counters add up."""
    registry, ended, counted = MoodyRegistry(0), Event(), iter((1, 9))
    ended.set()
    Reporter(registry, lambda: run(next(counted)), 60.0).run(ended)
    assert registry.runs()[0].captured == 9


def test_a_registry_that_cannot_be_opened_yet_is_opened_later() -> None:
    """A camera starts without Postgres where its bus is there."""
    attempts = iter((LedgerUnavailable("away"), MoodyRegistry(0)))

    def opened() -> MoodyRegistry:
        attempt = next(attempts)
        if isinstance(attempt, Exception):
            raise attempt
        return attempt

    registry = LateRegistry(opened)
    reporter = Reporter(registry, run, 1.0)
    reporter.report()
    reporter.report()
    assert len(registry.runs()) == 1
