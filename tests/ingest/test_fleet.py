"""One process per camera, as the rows say; a change of one camera touches no other."""

from dataclasses import dataclass, field, replace
from itertools import pairwise
from threading import Event

import pytest
from structlog.testing import capture_logs

from core.adapters.in_memory_cameras import MemoryFleetLock
from core.adapters.in_memory_ledger import MemoryLedger
from core.camera import CameraChange, ConfiguredCamera, RefusedCamera
from core.errors import LedgerUnavailable, SettingRefused
from core.inspection import CameraRun
from ingest.camera_process import from_line, to_line
from ingest.fleet import PROVEN_S, SOURCE_ENDED, STOP_WITHIN_S, Fleet
from ingest.following import Follower
from ingest.standby import TAKEOVER_S, Watch
from tests.ingest.twins import NOON, HandClock

TOP = ConfiguredCamera("line1-top", "rtsp://operator:secret@camera/1", "nut", 5.0)
SIDE = ConfiguredCamera("line1-side", "usb:0", "bolt", 0.5)


@dataclass
class ProcessTwin:
    """Ends when it is told to, unless it hangs."""

    camera: ConfiguredCamera
    hangs: bool = False
    code: int | None = None

    def exit_code(self) -> int | None:
        return self.code

    def stop(self) -> None:
        if not self.hangs and self.code is None:
            self.code = 0

    def kill(self) -> None:
        self.code = -9


@dataclass
class Harbour:
    """A fleet whose processes are twins, in the order of their start."""

    clock: HandClock = field(default_factory=HandClock)
    started: list[ProcessTwin] = field(default_factory=list)
    hang: bool = False
    full: bool = False

    def __post_init__(self) -> None:
        self.fleet = Fleet(self.launch, self.clock, first_delay_s=1.0, longest_delay_s=4.0)

    def launch(self, camera: ConfiguredCamera) -> ProcessTwin:
        if self.full:
            raise OSError(12, "Cannot allocate memory")
        self.started.append(ProcessTwin(camera, self.hang))
        return self.started[-1]

    def tend(self, *cameras: ConfiguredCamera, seconds: float = 0.0) -> None:
        self.clock.rest(seconds)
        self.fleet.tend(cameras)

    @property
    def cameras(self) -> list[ConfiguredCamera]:
        """Of the processes that run."""
        return [process.camera for process in self.started if process.code is None]


def test_every_enabled_camera_has_a_process() -> None:
    """And each only one, however often the rows are looked at."""
    harbour = Harbour()
    for _ in range(3):
        harbour.tend(TOP, replace(SIDE, enabled=False))
    assert harbour.cameras == [TOP]


def test_a_changed_camera_is_stopped_and_started_anew_and_no_other() -> None:
    """The new process starts when the old one has ended: two would use one name at once."""
    harbour = Harbour()
    harbour.tend(TOP, SIDE)
    faster = replace(TOP, rate=9.0)
    harbour.tend(faster, SIDE)
    assert harbour.cameras == [SIDE]
    harbour.tend(faster, SIDE)
    assert harbour.cameras == [SIDE, faster]
    assert len(harbour.started) == 3


@pytest.mark.parametrize("rows", [[SIDE], [replace(TOP, enabled=False), SIDE]], ids=["removed", "disabled"])
def test_a_camera_that_is_not_wanted_is_stopped(rows: list[ConfiguredCamera]) -> None:
    """And stays stopped."""
    harbour = Harbour()
    harbour.tend(TOP, SIDE)
    for _ in range(3):
        harbour.tend(*rows, seconds=60.0)
    assert harbour.cameras == [SIDE]
    assert len(harbour.started) == 2


def test_a_camera_that_does_not_end_is_killed_in_time() -> None:
    """A driver that hangs does not keep the name for ever."""
    harbour = Harbour(hang=True)
    harbour.tend(TOP)
    harbour.tend()
    harbour.tend(seconds=STOP_WITHIN_S - 0.1)
    assert harbour.cameras == [TOP]
    harbour.tend(seconds=0.1)
    assert harbour.cameras == []


def test_a_camera_that_keeps_failing_is_started_ever_less_often() -> None:
    """After one second, two, four, four; other cameras do not notice."""
    harbour = Harbour()
    harbour.tend(TOP, SIDE)
    starts = []
    for tenth in range(200):
        for process in harbour.started:
            if process.camera == TOP and process.code is None:
                process.code = 1
                starts.append(tenth)
        harbour.tend(TOP, SIDE, seconds=0.1)
    pauses = [after - before for before, after in pairwise(starts)]
    assert [round(pause / 10) for pause in pauses[:4]] == [1, 2, 4, 4]
    assert harbour.cameras.count(SIDE) == 1
    assert len([process for process in harbour.started if process.camera == SIDE]) == 1


def test_a_camera_that_ran_long_is_started_again_soon() -> None:
    """One crash a day is not the tenth of a row of them."""
    harbour = Harbour()
    for _ in range(4):
        harbour.tend(TOP, seconds=PROVEN_S)
        harbour.started[-1].code = 1
        harbour.tend(TOP)
        harbour.tend(TOP, seconds=1.0)
        assert harbour.cameras == [TOP]


def test_a_failing_camera_is_tried_at_once_when_its_row_was_corrected() -> None:
    """Nobody waits for a pause that the wrong row earned."""
    harbour = Harbour()
    harbour.tend(TOP)
    harbour.started[-1].code = 1
    right = replace(TOP, source="rtsp://operator:right@camera/1")
    harbour.tend(right)
    assert harbour.cameras == [right]


def test_a_machine_without_room_for_one_more_camera_keeps_the_others() -> None:
    """And tries again later."""
    harbour = Harbour()
    harbour.tend(SIDE)
    harbour.full = True
    harbour.tend(TOP, SIDE)
    assert harbour.cameras == [SIDE]
    harbour.full = False
    harbour.tend(TOP, SIDE, seconds=3.9)
    assert harbour.cameras == [SIDE]
    harbour.tend(TOP, SIDE, seconds=0.2)
    assert harbour.cameras == [SIDE, TOP]


def test_a_recording_that_was_played_is_not_played_again() -> None:
    """Its parts would be inspected twice; a changed row plays it anew."""
    harbour = Harbour()
    harbour.tend(TOP)
    harbour.started[-1].code = SOURCE_ENDED
    harbour.tend(TOP, seconds=1000.0)
    assert harbour.cameras == []
    harbour.tend(replace(TOP, rate=1.0))
    assert len(harbour.cameras) == 1


@pytest.mark.parametrize("code", [0, 1, -9, -15])
def test_a_camera_that_somebody_else_ended_is_started_again(code: int) -> None:
    """However calmly it ended: its parts pass unseen meanwhile."""
    harbour = Harbour()
    harbour.tend(TOP)
    harbour.started[-1].code = code
    harbour.tend(TOP)
    assert harbour.cameras == []
    harbour.tend(TOP, seconds=1.0)
    assert harbour.cameras == [TOP]


def test_closing_ends_every_camera_and_kills_those_that_hang() -> None:
    """Within the time that a supervisor leaves."""
    harbour = Harbour()
    harbour.tend(SIDE)
    harbour.hang = True
    harbour.tend(TOP, SIDE)
    harbour.fleet.close(harbour.clock.rest)
    assert (harbour.cameras, harbour.fleet.running) == ([], [])
    assert harbour.clock() <= STOP_WITHIN_S + 0.2


@dataclass
class AwayDirectory:
    """Rows of a ledger that goes away after the first look, and ends the test after the third."""

    ledger: MemoryLedger
    stop: Event
    looks: int = 0

    def cameras(self) -> list[ConfiguredCamera]:
        self.looks += 1
        if self.looks == 3:
            self.stop.set()
        if self.looks > 1:
            raise LedgerUnavailable("away")
        return self.ledger.cameras()

    def refused_cameras(self) -> list[RefusedCamera]:
        return []

    def newest_runs(self) -> list[CameraRun]:
        return self.ledger.newest_runs()

    def change_camera(self, *_: object) -> None:
        raise AssertionError("the fleet only reads")


def test_cameras_go_on_while_postgres_is_away() -> None:
    """A database that restarts stops no camera."""
    harbour, stop = Harbour(), Event()
    ledger = MemoryLedger()
    ledger.change_camera(CameraChange(None, TOP), NOON, "ada", "new")
    directory = AwayDirectory(ledger, stop)
    Follower(harbour.fleet, directory, Watch(MemoryFleetLock(), harbour.clock), harbour.clock).follow(
        stop, interval_s=0.0
    )
    assert directory.looks == 3
    assert harbour.cameras == [TOP]


@dataclass
class AwayLock(MemoryFleetLock):
    """A lock of a Postgres that may be away."""

    away: bool = False

    def take(self) -> bool:
        if self.away:
            raise LedgerUnavailable("away")
        return super().take()


def answers(watch: Watch, clock: HandClock, looks: int, every_s: float = 2.0) -> list[bool]:
    """What a watch says at each of so many looks."""
    said = []
    for _ in range(looks):
        said.append(watch.is_ours())
        clock.rest(every_s)
    return said


def test_a_second_fleet_stands_by_until_the_first_has_ended_and_its_cameras_with_it() -> None:
    """Or every part would be judged and told twice."""
    clock, holders = HandClock(), list[MemoryFleetLock]()
    first, second = MemoryFleetLock(holders), MemoryFleetLock(holders)
    watch, standby = Watch(first, clock), Watch(second, clock)
    assert watch.is_ours()
    assert answers(standby, clock, 3) == [False] * 3
    assert (watch.stands_by, standby.stands_by) == (False, True)
    first.release()
    looks = answers(standby, clock, 10)
    assert looks.index(True) * 2.0 >= TAKEOVER_S - 2.0
    assert all(looks[looks.index(True) :])
    assert not standby.stands_by
    assert not watch.is_ours()


def test_after_an_outage_of_postgres_whoever_ran_the_cameras_goes_on() -> None:
    """A standby that were faster would end and start all of them for nothing."""
    clock, holders = HandClock(), list[MemoryFleetLock]()
    lock = AwayLock(holders)
    standby = Watch(lock, clock)
    holders.append(other := MemoryFleetLock(holders))
    assert answers(standby, clock, 2) == [False] * 2
    holders.clear()
    lock.away = True
    with pytest.raises(LedgerUnavailable):
        standby.is_ours()
    lock.away = False
    clock.rest(2.0)
    assert not standby.is_ours()
    assert other.take(), "the standby has not asked yet"


def test_a_fleet_whose_lock_went_to_another_ends_its_cameras() -> None:
    """It was cut off from Postgres alone, and hears of it when it is back."""
    harbour, ledger, holders = Harbour(), MemoryLedger(), list[MemoryFleetLock]()
    ledger.change_camera(CameraChange(None, TOP), NOON, "ada", "new")
    follower = Follower(harbour.fleet, ledger, Watch(MemoryFleetLock(holders), harbour.clock), harbour.clock)
    follower.look()
    assert harbour.cameras == [TOP]
    holders[:] = [MemoryFleetLock(holders)]
    follower.look()
    assert harbour.cameras == []


def test_a_row_travels_to_its_process_and_what_is_none_is_refused_without_repeating_it() -> None:
    """It holds a password."""
    assert from_line(to_line(TOP)) == TOP
    for wrong in (b"", b"rtsp://operator:secret@camera/1\n", b"[]\n", b'{"source": "rtsp://operator:secret@camera"}\n'):
        with pytest.raises(SettingRefused) as refused:
            from_line(wrong)
        assert "secret" not in str(refused.value)


def test_a_row_that_no_camera_can_run_by_stops_no_other_and_is_named_once() -> None:
    """Somebody wrote it past the verbs."""
    harbour, ledger = Harbour(), MemoryLedger()
    ledger.change_camera(CameraChange(None, TOP), NOON, "ada", "new")
    ledger.refused_rows.append(RefusedCamera("line1 top", "camera must match"))
    follower = Follower(harbour.fleet, ledger, Watch(MemoryFleetLock(), harbour.clock), harbour.clock)
    with capture_logs() as said:
        for _ in range(3):
            follower.look()
    assert harbour.cameras == [TOP]
    assert [line["camera"] for line in said if line["event"] == "camera_row_refused"] == ["line1 top"]
