"""VideoCamera: recordings, network and USB cameras through OpenCV, published losslessly as PNG."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread
from time import monotonic
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import SettingRefused
from ingest.cameras import CameraEnded, CameraLost, CameraSilent, Capture
from ingest.pacing import Monotonic

Pixels = NDArray[np.uint8]

FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]
"""Lossless at every level; 1 is several times faster than the default and a few per cent larger."""


def to_png(picture: Pixels) -> bytes:
    """OpenCV's pixels (BGR) as PNG. `imencode` takes BGR and writes RGB: nothing is swapped by hand."""
    done, content = cv2.imencode(".png", picture, FAST)
    if not done:
        raise CameraSilent(f"a picture of shape {picture.shape} could not be encoded")
    return content.tobytes()


@dataclass
class Playback:
    """How many frames of a recording were taken: what opens it again goes on behind them."""

    taken: int = 0


class RecordingCamera:
    """A video file, one frame after the other, to its end."""

    def __init__(self, path: Path, playback: Playback | None = None) -> None:
        """Open the file, and pass over the frames that were taken before.

        Raises:
            SettingRefused: There is no such file, or OpenCV reads no frame from it.
        """
        if not path.is_file():
            raise SettingRefused(f"--source video:{path}: no such file; name a video")
        self._path = path
        self._playback = playback or Playback()
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            raise SettingRefused(
                f"--source video:{path}: not a video that OpenCV reads; convert it, e.g. to FFV1 in .mkv"
            )
        for _ in range(self._playback.taken):  # not by seeking, which many formats do only roughly
            self._capture.grab()

    def grab(self) -> Capture:
        """The next frame. No more of them is the end, unless the file itself has gone away."""
        arrived, picture = self._capture.read()
        if not arrived:
            raise CameraEnded if self._is_there() else CameraLost(f"{self._path} has gone away")
        self._playback.taken += 1
        return Capture(to_png(np.asarray(picture, np.uint8)))

    def close(self) -> None:
        """Close the file."""
        self._capture.release()

    def _is_there(self) -> bool:
        try:
            return self._path.is_file()
        except OSError:  # a file server that answers with an error
            return False


class VideoSource(Protocol):
    """What a LiveCamera reads from: OpenCV's capture, or whatever answers in its words."""

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whether there is anything to read."""
        ...

    def read(self) -> tuple[bool, Any]:
        """Whether it goes on, and a picture; None where it goes on and there is none yet.

        Raises:
            CameraSilent: There was a picture, and it cannot be used.
        """
        ...

    def release(self) -> None:
        """Let go of the device."""
        ...


class LiveCamera:
    """A source that does not wait: a thread reads all of it, and `grab` returns the newest picture only.

    Without that thread the library's buffer would hand out pictures of parts that have long passed. For the same
    reason a picture older than the timeout is none: the source stopped after it, and another part lies there now.
    """

    def __init__(self, open_capture: Callable[[], VideoSource], timeout_s: float, clock: Monotonic = monotonic) -> None:
        self._timeout_s = timeout_s
        self._clock = clock
        self._newest_at = clock()
        self._newest: Pixels | CameraSilent | None = None
        self._changed = Condition()
        self._ended = False
        self._capture = open_capture()
        if not self._capture.isOpened():
            self._capture.release()
            raise CameraLost("the source cannot be opened")
        self._reader = Thread(target=self._read_all, name="live-camera", daemon=True)
        self._reader.start()

    def grab(self) -> Capture:
        """The newest picture that was not taken yet; waits for one at most for the timeout."""
        with self._changed:
            if self._clock() - self._newest_at > self._timeout_s:
                self._newest = None
            self._changed.wait_for(lambda: self._newest is not None or self._ended, self._timeout_s)
            if self._newest is None:
                raise (
                    CameraLost("the source stopped")
                    if self._ended
                    else CameraSilent(f"no picture for {self._timeout_s} s")
                )
            newest, self._newest = self._newest, None
        if isinstance(newest, CameraSilent):
            raise newest
        return Capture(to_png(newest))

    def close(self) -> None:
        """Let the reading thread release the source: OpenCV does not allow it from another one.

        Returns when it has, so that nothing opens the device while it is still held; a driver that hangs, hangs here.
        """
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._reader.join()

    def _read_all(self) -> None:
        try:
            while not self._ended:
                self._hear(*self._read_one())
        finally:
            # Also where a driver raised what nobody foresaw: a device that stays held is never opened again.
            self._hear(goes_on=False, newest=None)
            self._capture.release()

    def _hear(self, goes_on: bool, newest: Pixels | CameraSilent | None) -> None:
        with self._changed:
            self._newest = self._newest if newest is None else newest
            self._newest_at = self._newest_at if newest is None else self._clock()
            self._ended = self._ended or not goes_on
            self._changed.notify_all()

    def _read_one(self) -> tuple[bool, Pixels | CameraSilent | None]:
        try:
            goes_on, picture = self._capture.read()
        except CameraSilent as error:  # for whoever asks now; the next picture takes its place
            return True, error
        return goes_on, np.asarray(picture, np.uint8) if goes_on and picture is not None else None


def open_network(url: str, timeout_s: float) -> LiveCamera:
    """A network camera. The URL may hold a password: it is in no message.

    Raises:
        CameraLost: It does not answer in time.
    """
    limit = int(timeout_s * 1000)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, limit, cv2.CAP_PROP_READ_TIMEOUT_MSEC, limit]
    return LiveCamera(lambda: cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits), timeout_s)


def open_usb(number: int, timeout_s: float) -> LiveCamera:
    """The machine's camera of this number.

    Raises:
        CameraLost: There is none.
    """
    return LiveCamera(lambda: cv2.VideoCapture(number), timeout_s)
