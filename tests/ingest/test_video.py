"""Frames of recordings and live sources: losslessly, in their colours, the newest first where it matters."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Condition

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import SettingRefused
from ingest.cameras import CameraEnded, CameraLost, CameraSilent, Capture
from ingest.video import LiveCamera, Playback, RecordingCamera
from tests.ingest.twins import HandClock

RED_BGR, BLUE_BGR = (0, 0, 255), (255, 0, 0)


def picture(left: tuple[int, int, int], right: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Two halves in OpenCV's order (BGR)."""
    made = np.zeros((32, 64, 3), np.uint8)
    made[:, :32], made[:, 32:] = left, right
    return made


def rgb_of(capture: Capture) -> NDArray[np.uint8]:
    """Decoded by the standard, not by what wrote it: PNG is RGB, `IMREAD_COLOR_RGB` says so."""
    decoded = cv2.imdecode(np.frombuffer(capture.content, np.uint8), cv2.IMREAD_COLOR_RGB)
    return np.asarray(decoded, np.uint8)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Three frames without loss: red left, blue right, and a frame number in green."""
    path = tmp_path / "line.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"png "), 10, (64, 32))
    if not writer.isOpened():
        pytest.skip("this OpenCV has no lossless video writer (PNG in AVI)")
    for number in range(3):
        made = picture(RED_BGR, BLUE_BGR)
        made[:8, :8] = (0, 50 * number, 0)
        writer.write(made)
    writer.release()
    return path


def test_a_recordings_colours_are_right(recording: Path) -> None:
    """Red is red in the published PNG; a swap of channels would make it blue."""
    camera = RecordingCamera(recording)
    seen = rgb_of(camera.grab())
    assert seen[20, 10].tolist() == [255, 0, 0]
    assert seen[20, 50].tolist() == [0, 0, 255]
    camera.close()


def test_a_recording_is_played_frame_by_frame_to_its_end(recording: Path) -> None:
    """Losslessly: every frame has the value it was written with."""
    camera = RecordingCamera(recording)
    assert [int(rgb_of(camera.grab())[2, 2, 1]) for _ in range(3)] == [0, 50, 100]
    with pytest.raises(CameraEnded):
        camera.grab()
    camera.close()
    camera.close()


def test_a_recording_opened_again_goes_on_where_it_was(recording: Path) -> None:
    """No frame twice, none left out."""
    playback = Playback()
    first = RecordingCamera(recording, playback)
    first.grab()
    first.close()
    second = RecordingCamera(recording, playback)
    assert [int(rgb_of(second.grab())[2, 2, 1]) for _ in range(2)] == [50, 100]
    second.close()


def test_a_recording_whose_file_has_gone_away_is_not_at_its_end(recording: Path) -> None:
    """The file server may come back; the camera must not be told that it is done."""
    camera = RecordingCamera(recording)
    for _ in range(3):
        camera.grab()
    recording.unlink()
    with pytest.raises(CameraLost, match="gone away"):
        camera.grab()
    camera.close()


def test_a_file_that_is_no_video_is_refused(tmp_path: Path) -> None:
    """And so is one that is not there."""
    (tmp_path / "notes.avi").write_text("no video")
    with pytest.raises(SettingRefused, match="not a video that OpenCV reads"):
        RecordingCamera(tmp_path / "notes.avi")
    with pytest.raises(SettingRefused, match="no such file"):
        RecordingCamera(tmp_path / "absent.avi")


@dataclass
class CaptureTwin:
    """What LiveCamera uses of OpenCV's capture, fed by hand; None is a failed read."""

    pictures: "SimpleQueue[NDArray[np.uint8] | None]" = field(default_factory=SimpleQueue)
    opened: bool = True
    released: bool = False
    failure: Exception | None = None
    waiting: Condition = field(default_factory=Condition)
    reads: int = 0

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.opened

    def read(self) -> tuple[bool, NDArray[np.uint8] | None]:
        with self.waiting:
            self.reads += 1
            self.waiting.notify_all()
        made = self.pictures.get()
        if self.failure:
            raise self.failure
        return made is not None, made

    def release(self) -> None:
        self.released = True


def wait_until_read(twin: CaptureTwin) -> None:
    """Until the reading thread has kept what it was given, and asks for more."""
    with twin.waiting:
        assert twin.waiting.wait_for(lambda: twin.reads > 1, 10.0)


@pytest.fixture
def source() -> Iterator[CaptureTwin]:
    twin = CaptureTwin()
    yield twin
    twin.pictures.put(None)


def live(twin: CaptureTwin, timeout_s: float = 5.0) -> LiveCamera:
    return LiveCamera(lambda: twin, timeout_s)  # type: ignore[arg-type, return-value]


def test_a_live_camera_gives_each_picture_once(source: CaptureTwin) -> None:
    """The same picture twice would be two inspections of one part."""
    camera = live(source, timeout_s=0.05)
    source.pictures.put(picture(RED_BGR, BLUE_BGR))
    assert rgb_of(camera.grab())[20, 10].tolist() == [255, 0, 0]
    with pytest.raises(CameraSilent, match="no picture for"):
        camera.grab()


def test_a_live_picture_that_lay_too_long_is_none(source: CaptureTwin) -> None:
    """The stream stopped after it, and another part lies before the camera now."""
    clock = HandClock()
    camera = LiveCamera(lambda: source, 5.0, clock)  # type: ignore[arg-type, return-value]
    source.pictures.put(picture(RED_BGR, BLUE_BGR))
    wait_until_read(source)
    clock.rest(5.1)
    source.pictures.put(picture(BLUE_BGR, RED_BGR))
    assert rgb_of(camera.grab())[20, 10].tolist() == [0, 0, 255]


def test_a_live_source_that_stops_is_silent(source: CaptureTwin) -> None:
    """So that it is closed and opened again."""
    camera = live(source)
    source.pictures.put(None)
    with pytest.raises(CameraLost, match="stopped"):
        camera.grab()
    camera.close()
    assert source.released


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_driver_that_fails_in_a_way_of_its_own_lets_go_of_its_device(source: CaptureTwin) -> None:
    """A device that stays held could never be opened again."""
    source.failure = RuntimeError("an error nobody foresaw")
    camera = live(source)
    source.pictures.put(None)
    with pytest.raises(CameraLost, match="stopped"):
        camera.grab()
    camera.close()
    assert source.released


def test_a_live_source_that_cannot_be_opened_is_silent() -> None:
    """It may come back: that is no reason to end."""
    twin = CaptureTwin(opened=False)
    with pytest.raises(CameraLost, match="cannot be opened"):
        live(twin)
    assert twin.released
