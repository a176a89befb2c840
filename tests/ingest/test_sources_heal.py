"""Every kind of source is taken away and brought back: pictures come again, and nobody restarts anything."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import cv2
import numpy as np
import pytest

from ingest.cameras import Camera, CameraLost, CameraSilent, Capture, Taken
from ingest.settings import IngestSettings
from ingest.sources import Opening, _healing, open_camera
from ingest.video import LiveCamera
from tests.ingest.cameras_on_a_network import HttpCamera, RtspServer, rtsp_server
from tests.ingest.test_video import BLUE_BGR, RED_BGR, CaptureTwin, picture
from tests.ingest.twins import HandClock

DEADLINE_S = 60.0
PROMPT = IngestSettings(source_timeout_s=2.0, first_reopen_s=0.2, longest_reopen_s=1.0, silent_after_s=4.0)


def opening(clock: HandClock, patient: bool = False) -> Opening:
    return Opening(None, PROMPT, clock, patient)


def grab(camera: Camera, clock: HandClock) -> Taken:
    """The next picture; the pauses between attempts pass at once."""
    until = monotonic() + DEADLINE_S
    while monotonic() < until:
        try:
            return camera.grab()
        except CameraSilent:
            clock.rest(0.5)
    raise AssertionError("no picture in time")


def grab_until_lost(camera: Camera) -> None:
    """What was already on its way may still come."""
    until = monotonic() + DEADLINE_S
    while monotonic() < until:
        try:
            camera.grab()
        except CameraLost:
            return
        except CameraSilent:
            continue
    raise AssertionError("the source was never given up")


def is_red(taken: Taken) -> bool:
    assert isinstance(taken, Capture)
    pixels = cv2.imdecode(np.frombuffer(taken.content, np.uint8), cv2.IMREAD_COLOR_RGB)
    red, green, blue = (int(channel) for channel in np.asarray(pixels)[20, 20])
    return red > 200 and green < 60 and blue < 60


def test_a_folder_that_vanished_and_came_back_is_replayed_again(tmp_path: Path) -> None:
    """A file server that was away for a while."""
    clock, folder = HandClock(), tmp_path / "shared"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"picture")
    camera = open_camera(f"folder:{folder}", opening(clock))
    grab(camera, clock)
    folder.rename(tmp_path / "away")
    for _ in range(30):  # well beyond the time after which it is opened again, and again
        with pytest.raises(CameraSilent):
            camera.grab()
        clock.rest(0.5)
    (tmp_path / "away").rename(folder)
    assert grab(camera, clock) == Capture(b"picture")
    camera.close()


def test_a_folder_that_is_not_there_yet_is_waited_for_where_nobody_is_at_a_terminal(tmp_path: Path) -> None:
    """The line starts before its file server does."""
    clock, folder = HandClock(), tmp_path / "late"
    camera = open_camera(f"folder:{folder}", opening(clock, patient=True))
    with pytest.raises(CameraSilent, match="no such folder"):
        camera.grab()
    folder.mkdir()
    (folder / "a.png").write_bytes(b"picture")
    assert grab(camera, clock) == Capture(b"picture")
    camera.close()


def test_a_recording_that_vanished_and_came_back_goes_on_where_it_was(tmp_path: Path) -> None:
    """To its end, every frame once."""
    clock, path = HandClock(), tmp_path / "line.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"png "), 10, (64, 32))
    if not writer.isOpened():
        pytest.skip("this OpenCV has no lossless video writer (PNG in AVI)")
    for _ in range(2):
        writer.write(picture(RED_BGR, BLUE_BGR))
    writer.release()
    camera = open_camera(f"video:{path}", opening(clock))
    assert is_red(grab(camera, clock))
    grab(camera, clock)
    path.rename(tmp_path / "away.avi")
    with pytest.raises(CameraLost, match="gone away"):
        camera.grab()
    # While it was away somebody recorded one more frame: it is the only one left to see.
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"png "), 10, (64, 32))
    for colours in ((RED_BGR, BLUE_BGR), (RED_BGR, BLUE_BGR), (BLUE_BGR, RED_BGR)):
        writer.write(picture(*colours))
    writer.release()
    assert not is_red(grab(camera, clock))
    camera.close()


def test_a_usb_camera_that_was_unplugged_and_plugged_in_again_gives_pictures() -> None:
    """By a twin of OpenCV's capture: it ends, cannot be opened for a while, and is there again."""
    clock = HandClock()
    unplugged, plugged_in = CaptureTwin(), CaptureTwin()
    captures = [unplugged, CaptureTwin(opened=False), CaptureTwin(opened=False), plugged_in]

    def open_device() -> Camera:
        return LiveCamera(lambda: captures.pop(0), 2.0)  # type: ignore[arg-type, return-value]

    camera = _healing(open_device, opening(clock))
    unplugged.pictures.put(picture(RED_BGR, BLUE_BGR))
    grab(camera, clock)
    unplugged.pictures.put(None)
    grab_until_lost(camera)
    plugged_in.pictures.put(picture(RED_BGR, BLUE_BGR))
    assert is_red(grab(camera, clock))
    assert captures == []
    assert unplugged.released
    plugged_in.pictures.put(None)
    camera.close()


@pytest.fixture
def http_camera() -> Iterator[HttpCamera]:
    camera = HttpCamera()
    camera.start()
    yield camera
    camera.kill()


@pytest.fixture
def rtsp() -> Iterator[RtspServer]:
    server = rtsp_server()
    yield server
    server.kill()


def test_an_http_camera_that_was_away_gives_pictures_again(http_camera: HttpCamera) -> None:
    """Broken off in the middle, refused for a while, and there again."""
    clock = HandClock()
    camera = open_camera(http_camera.source, opening(clock))
    assert is_red(grab(camera, clock))
    http_camera.kill()
    grab_until_lost(camera)
    clock.rest(1.0)
    with pytest.raises(CameraSilent):
        camera.grab()
    http_camera.start()
    assert is_red(grab(camera, clock))
    camera.close()


@pytest.mark.server
def test_an_rtsp_server_that_was_killed_and_started_again_gives_pictures_again(rtsp: RtspServer) -> None:
    """A camera that lost its power; with the password its URL holds."""
    clock = HandClock()
    camera = open_camera(rtsp.source, opening(clock))
    assert is_red(grab(camera, clock))
    rtsp.kill()
    grab_until_lost(camera)
    clock.rest(1.0)
    with pytest.raises(CameraSilent):
        camera.grab()
    rtsp.start()
    assert is_red(grab(camera, clock))
    camera.close()
