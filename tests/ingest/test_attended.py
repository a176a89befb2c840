"""A source whose calls hang costs threads that are counted, never the line's rhythm."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Event
from time import monotonic

import pytest

from ingest.attended import MOST_LEFT_BEHIND, Attendance, AttendedCamera, SourceBroken
from ingest.cameras import Camera, CameraEnded, CameraLost, CameraSilent, CameraStuck, Capture, Taken
from ingest.watchdog import ReopeningCamera
from tests.ingest.twins import SILENT, TIMEOUT_S, HandClock, ListCamera

PICTURE = Capture(b"picture")
AT_ONCE_S = 0.01


@dataclass
class HangingCamera:
    """Its calls return when a test hands over what they return; `closed` is set once it was closed."""

    returns: "SimpleQueue[Taken]" = field(default_factory=SimpleQueue)
    closed: Event = field(default_factory=Event)

    def grab(self) -> Taken:
        return self.returns.get()

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def hanging() -> Iterator[HangingCamera]:
    camera = HangingCamera()
    yield camera
    for _ in range(MOST_LEFT_BEHIND):
        camera.returns.put(PICTURE)


def answered(camera: Camera) -> Taken:
    """The answer, however long the machine takes for it; a source that never answers fails the test."""
    until = monotonic() + TIMEOUT_S
    while monotonic() < until:
        try:
            return camera.grab()
        except CameraSilent:
            continue
    raise AssertionError("no answer in time")


def answered_or_lost(camera: Camera) -> Taken:
    """As `answered`, but a source that is lost says so."""
    until = monotonic() + TIMEOUT_S
    while monotonic() < until:
        try:
            return camera.grab()
        except CameraLost:
            raise
        except CameraSilent:
            continue
    raise AssertionError("no answer in time")


def insist(camera: Camera, clock: HandClock) -> None:
    """Ask again and again, half a second apart."""
    for _ in range(1000):
        try:
            camera.grab()
        except CameraSilent:
            clock.rest(0.5)


def test_the_answers_of_a_source_are_passed_on_as_they_are() -> None:
    """Pictures, silence and the end."""
    camera = AttendedCamera(lambda: ListCamera([PICTURE, SILENT]), TIMEOUT_S)
    assert camera.grab() == PICTURE
    with pytest.raises(CameraSilent, match="nothing came"):
        camera.grab()
    with pytest.raises(CameraEnded):
        camera.grab()
    camera.close()


def test_a_call_that_hangs_is_silence_and_its_late_answer_is_not_lost(hanging: HangingCamera) -> None:
    """One question at a time: asking again does not ask the source twice."""
    camera = AttendedCamera(lambda: hanging, AT_ONCE_S)
    for _ in range(3):
        with pytest.raises(CameraSilent, match="does not answer"):
            camera.grab()
    hanging.returns.put(PICTURE)
    assert answered(camera) == PICTURE
    assert hanging.returns.empty()
    camera.close()


def test_a_late_picture_of_a_live_source_is_let_go(hanging: HangingCamera) -> None:
    """It shows a part that has passed meanwhile: the next question gets the next picture."""
    camera = AttendedCamera(lambda: hanging, AT_ONCE_S, live=True)
    with pytest.raises(CameraSilent, match="does not answer"):
        camera.grab()
    late, fresh = Capture(b"of the last part"), Capture(b"of this part")
    hanging.returns.put(late)
    until = monotonic() + TIMEOUT_S
    while camera._answers.empty():
        assert monotonic() < until, "the late answer never came"
    hanging.returns.put(fresh)
    assert answered(camera) == fresh
    camera.close()


def test_a_late_error_of_a_live_source_is_told() -> None:
    """The source is gone, however late that is heard."""
    gate = Event()

    def open_slowly() -> Camera:
        gate.wait(TIMEOUT_S)
        raise CameraLost("cable")

    camera = AttendedCamera(open_slowly, AT_ONCE_S, live=True)
    with pytest.raises(CameraSilent, match="does not answer"):
        camera.grab()
    gate.set()
    with pytest.raises(CameraLost, match="cable"):
        answered_or_lost(camera)


def test_closing_does_not_wait_for_a_call_that_hangs(hanging: HangingCamera) -> None:
    """The source is closed by its own thread once the call returns."""
    camera = AttendedCamera(lambda: hanging, AT_ONCE_S)
    with pytest.raises(CameraSilent):
        camera.grab()
    camera.close()
    assert not hanging.closed.is_set()
    hanging.returns.put(PICTURE)
    assert hanging.closed.wait(TIMEOUT_S)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_in_a_source_ends_the_camera_instead_of_looking_like_silence() -> None:
    """A supervisor starts the process again, and the traceback is in the log."""
    camera = AttendedCamera(lambda: ListCamera([RuntimeError("a defect")]), TIMEOUT_S)
    with pytest.raises(SourceBroken):
        camera.grab()
    camera.thread.join(TIMEOUT_S)


def test_hanging_calls_do_not_pile_up_and_at_last_end_the_process(hanging: HangingCamera) -> None:
    """Three are left behind at most; a source that hangs for minutes can only be freed by a fresh process."""
    clock, opened = HandClock(), []

    def open_hanging() -> Camera:
        opened.append(clock())
        return hanging

    attendance = Attendance(open_hanging, clock, stuck_after_s=60.0, answer_s=AT_ONCE_S)
    camera = ReopeningCamera(attendance.open, clock, 0.5, 4.0, silent_after_s=3.0)
    with pytest.raises(CameraStuck, match="3 calls have not returned"):
        insist(camera, clock)
    assert clock() >= 60.0
    assert len(opened) <= MOST_LEFT_BEHIND


def test_once_a_hanging_call_returns_the_source_is_opened_again(hanging: HangingCamera) -> None:
    """As when the file server is back: nobody has to restart anything."""
    clock = HandClock()
    cameras: list[Camera] = [hanging] * MOST_LEFT_BEHIND + [ListCamera([PICTURE])]
    attendance = Attendance(lambda: cameras.pop(0), clock, stuck_after_s=1e9, answer_s=AT_ONCE_S)
    camera = ReopeningCamera(attendance.open, clock, 0.5, 4.0, silent_after_s=3.0)
    told = ""
    while "3 calls have not returned" not in told:
        with pytest.raises(CameraSilent) as silence:
            camera.grab()
        told = str(silence.value)
        clock.rest(0.5)
    until = monotonic() + TIMEOUT_S
    for _ in range(MOST_LEFT_BEHIND):
        hanging.returns.put(PICTURE)
    while cameras and monotonic() < until:
        try:
            camera.grab()
        except CameraLost:
            clock.rest(5.0)
        except CameraSilent:
            clock.rest(0.1)
    assert not cameras
