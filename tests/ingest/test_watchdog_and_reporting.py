"""A source that fails is opened again; a ledger that is away costs only the newest numbers."""

from dataclasses import dataclass, field
from threading import Event

import pytest

from core.adapters.in_memory_ledger import MemoryLedger
from core.errors import LedgerUnavailable, LineError, SettingRefused
from core.inspection import CameraRun
from ingest.cameras import Camera, CameraEnded, CameraLost, CameraSilent, Capture
from ingest.counters import Counts, to_camera_run
from ingest.reporting import LateRegistry, Reporter
from ingest.watchdog import ReopeningCamera
from tests.ingest.twins import IDENTITY, NOON, SILENT, HandClock, ListCamera

PICTURE = Capture(b"picture")
LOST = CameraLost("cable")


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


def watched(openings: Openings, silent_after_s: float = 10.0) -> ReopeningCamera:
    return ReopeningCamera(openings, openings.clock, 1.0, 8.0, silent_after_s)


def test_a_source_that_failed_is_closed_and_opened_again() -> None:
    """One failed read does not end a camera."""
    first, second = ListCamera([PICTURE, LOST]), ListCamera([PICTURE])
    openings = Openings([first, second])
    camera = watched(openings)
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
    openings = Openings([*[LOST] * 6, ListCamera([PICTURE, LOST]), *[LOST] * 99])
    camera = watched(openings)
    for _ in range(80):
        try:
            camera.grab()
        except CameraSilent:
            openings.clock.rest(0.5)
    pauses = [after - before for before, after in zip(openings.opened_at, openings.opened_at[1:], strict=False)]
    assert pauses[:8] == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 1.0, 2.0]


def test_a_part_that_was_not_seen_is_no_reason_to_open_the_source_again() -> None:
    """A folder goes on with its next file, a slow camera with its next picture."""
    only = ListCamera([PICTURE, SILENT, SILENT, PICTURE])
    openings = Openings([only])
    camera = watched(openings)
    assert camera.grab() == PICTURE
    for _ in range(2):
        with pytest.raises(CameraSilent):
            camera.grab()
        openings.clock.rest(4.0)
    assert camera.grab() == PICTURE
    assert not only.closed


@pytest.mark.parametrize("before", [[], [PICTURE]])
def test_a_source_without_a_picture_for_too_long_is_opened_again(before: list[Capture]) -> None:
    """Counted from its last picture, or from its opening where it never gave one."""
    mute = ListCamera([*before, *[SILENT] * 9])
    openings = Openings([mute, ListCamera([PICTURE])])
    camera = watched(openings, silent_after_s=3.0)
    for _ in before:
        camera.grab()
    for second in range(4):
        assert not mute.closed, f"given up after {second} s"
        with pytest.raises(CameraSilent):
            camera.grab()
        openings.clock.rest(1.0)
    assert mute.closed
    assert camera.grab() == PICTURE


def test_a_slow_line_does_not_take_one_missed_picture_for_a_lost_source() -> None:
    """At one part in twenty seconds nobody asked for longer than the limit."""
    only = ListCamera([PICTURE, SILENT, PICTURE])
    openings = Openings([only])
    camera = watched(openings, silent_after_s=10.0)
    camera.grab()
    openings.clock.rest(20.0)
    with pytest.raises(CameraSilent):
        camera.grab()
    openings.clock.rest(20.0)
    assert camera.grab() == PICTURE
    assert not only.closed


def test_what_a_start_would_refuse_is_waited_for_while_the_line_runs() -> None:
    """The folder of a file server that is away looks like a wrong name."""
    openings = Openings([SettingRefused("no such folder"), ListCamera([PICTURE])])
    camera = watched(openings)
    with pytest.raises(CameraLost, match="no such folder"):
        camera.grab()
    openings.clock.rest(1.0)
    assert camera.grab() == PICTURE


def test_a_recording_that_is_over_is_not_opened_again() -> None:
    """The end is no failure."""
    openings = Openings([ListCamera([])])
    with pytest.raises(CameraEnded):
        watched(openings).grab()


@dataclass
class MoodyRegistry:
    """A registry that is away as often as it is told, then well."""

    away: int
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    error: LineError = field(default_factory=lambda: LedgerUnavailable("away"))

    def report(self, run: CameraRun) -> None:
        if self.away:
            self.away -= 1
            raise self.error
        self.ledger.report(run)

    def runs(self) -> list[CameraRun]:
        return self.ledger.runs()


def run(ended: bool, captured: int = 3) -> CameraRun:
    return to_camera_run(IDENTITY, Counts(captured=captured, dropped=1), NOON, ended=ended)


def test_the_report_says_what_was_captured_and_dropped() -> None:
    """Under the camera's name and start."""
    registry = MoodyRegistry(0)
    Reporter(registry, run, 1.0).report()
    assert registry.runs() == [CameraRun("line1-top", "0123456789ab", "disc", 3, 1, NOON)]


@pytest.mark.parametrize("error", [LedgerUnavailable("away"), SettingRefused("a right was revoked")])
def test_a_ledger_that_is_away_or_refuses_is_no_error_and_is_told_when_it_is_well_again(error: LineError) -> None:
    """The camera goes on meanwhile."""
    registry = MoodyRegistry(2, error=error)
    reporter = Reporter(registry, run, 1.0)
    for expected in (0, 0, 1):
        reporter.report()
        assert len(registry.runs()) == expected


def test_the_last_numbers_are_reported_at_the_end() -> None:
    """A stopped camera's counters add up."""
    registry, ended, counted = MoodyRegistry(0), Event(), iter((1, 9))
    ended.set()
    Reporter(registry, lambda last: run(last, next(counted)), 60.0).run(ended)
    assert (registry.runs()[0].captured, registry.runs()[0].ended) == (9, True)


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
