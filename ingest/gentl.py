"""GenICam cameras (GigE Vision, USB3 Vision and others) through the GenTL producer of their maker.

`harvesters` is imported only when such a camera is opened: it is an extra, `pip install .[genicam]`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import cv2
import numpy as np

from core.errors import SettingRefused
from ingest.cameras import CameraLost, CameraSilent
from ingest.video import LiveCamera, Pixels

FETCH_S = 0.2
"""Seconds one look for a picture takes at most: how soon a camera that is to stop lets go of its device."""

Broken = tuple[type[Exception], ...]
"""What the library raises for a device or producer that does not do what it is asked."""

NOT_THERE: Broken = (ValueError, OSError)
"""What it raises besides where there is no such device or file."""

COLOURS = {
    "Mono8": (1, None),
    "BayerRG8": (1, cv2.COLOR_BayerRGGB2BGR),
    "RGB8": (3, cv2.COLOR_RGB2BGR),
    "BGR8": (3, None),
    "RGBa8": (4, cv2.COLOR_RGBA2BGR),
    "BGRa8": (4, cv2.COLOR_BGRA2BGR),
}
"""Values per pixel, and what OpenCV calls the way to its own order; None where nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Device:
    """Which camera behind which producer; an empty `pixel_format` leaves the camera's own."""

    name: str
    producer: str
    pixel_format: str = ""


def to_device(rest: str, producer: str) -> Device:
    """What `genicam:` asks for, e.g. `40012345?producer=/opt/maker/tl.cti&format=BayerRG8`.

    Raises:
        SettingRefused: No camera or no producer named, an unknown option, or a format that is not taken.
    """
    name, _, query = rest.partition("?")
    try:
        options = dict(parse_qsl(query, strict_parsing=True)) if query else {}
    except ValueError as error:
        raise SettingRefused(f"--source genicam:{rest}: {error}") from error
    device = Device(name, options.pop("producer", producer), options.pop("format", ""))
    if not name or options:
        raise SettingRefused("--source genicam: write genicam:SERIAL, genicam:SERIAL?producer=FILE.cti&format=Mono8")
    if not device.producer:
        raise SettingRefused("INGEST_GENTL_PRODUCER: name the .cti file that the camera's maker installs")
    if device.pixel_format and device.pixel_format not in COLOURS:
        raise SettingRefused(f"--source genicam:{rest}: format is one of {', '.join(COLOURS)}")
    return device


def open_genicam(device: Device, timeout_s: float) -> LiveCamera:
    """The camera, acquiring.

    Raises:
        CameraLost: The producer or the camera is not there, or somebody else holds it.
        SettingRefused: `harvesters` is not installed.
    """
    return LiveCamera(lambda: open_capture(device), timeout_s)


def open_capture(device: Device) -> "GentlCapture":
    """The device as something to read from; raises as `open_genicam` does."""
    harvester, broken = _harvester()
    with _lost_where(broken, harvester.reset):
        if not Path(device.producer).is_file():
            raise CameraLost(f"{device.producer} is not there: it is the GenTL producer")
        harvester.add_file(device.producer)
        harvester.update()
        acquirer = harvester.create(_place_of(device.name, harvester.device_info_list, broken))
    capture = GentlCapture(acquirer, harvester.reset, broken)
    with _lost_where(broken, capture.release):
        if device.pixel_format:
            acquirer.remote_device.node_map.PixelFormat.value = device.pixel_format
        capture.start()
    return capture


class GentlCapture:
    """Pictures of one camera, in the words of OpenCV's capture, so that a LiveCamera can read all of them.

    A picture that did not arrive whole is none: it counts as missed, and is never shown half.
    """

    def __init__(self, acquirer: Any, let_go: Callable[[], object], broken: Broken) -> None:
        self._acquirer = acquirer
        self._let_go = let_go
        self._broken = broken
        self._incomplete = 0

    def start(self) -> None:
        """Begin to acquire, and hear of what the library throws away."""
        self._acquirer.add_callback(self._acquirer.Events.INCOMPLETE_BUFFER, _Callback(self._count))
        self._acquirer.start()

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whoever has this has opened it."""
        return True

    def read(self) -> tuple[bool, Pixels | None]:
        """The next picture, None where there is none yet; False once the device has gone.

        Raises:
            CameraSilent: A picture was incomplete, or is of a kind that is not taken.
        """
        try:
            return True, self._fetched()
        except self._broken:  # a buffer is given back on the way out, which fails too where the device has gone
            return False, None

    def release(self) -> None:
        """Stop, and let go of device and producer; one that has gone cannot be stopped any more."""
        for step in (self._acquirer.stop, self._acquirer.destroy, self._let_go):
            try:
                step()
            except self._broken:
                continue

    def _fetched(self) -> Pixels | None:
        buffer = self._acquirer.try_fetch(timeout=FETCH_S)
        if self._incomplete:
            raise self._heard_of_loss(buffer)
        if buffer is None:
            return None
        with buffer:
            if not buffer.payload.components:
                raise CameraSilent("a payload without a picture: set the camera to send images alone")
            return to_pixels(buffer.payload.components[0])

    def _count(self) -> None:
        self._incomplete += 1

    def _heard_of_loss(self, buffer: Any) -> CameraSilent:
        lost, self._incomplete = self._incomplete, 0
        if buffer is not None:
            buffer.queue()
        return CameraSilent(f"{lost} incomplete: packets were lost; check the network's load, MTU and packet delay")


class _Callback:
    """What the library calls: anything with `emit`."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action

    def emit(self, context: object) -> None:  # noqa: ARG002 - the library's signature
        """Something happened."""
        self._action()


def to_pixels(component: Any) -> Pixels:
    """A copy of the picture as OpenCV orders it: grey, or BGR; the buffer is the library's and is filled again.

    Raises:
        CameraSilent: A pixel format that is not taken, or fewer bytes than it needs.
    """
    if component.data_format not in COLOURS:
        raise CameraSilent(f"pixel format {component.data_format}: set the camera to one of {', '.join(COLOURS)}")
    channels, conversion = COLOURS[component.data_format]
    row = component.width * channels
    if component.data is None or component.data.size < component.height * (row + component.x_padding):
        raise CameraSilent(f"{component.width} x {component.height} announced, fewer bytes came")
    used = component.height * (row + component.x_padding)
    lines = np.asarray(component.data, np.uint8)[:used].reshape(component.height, -1)[:, :row]
    pixels = np.ascontiguousarray(lines.reshape(component.height, component.width, channels))
    if conversion is None:
        return pixels.copy() if channels > 1 else pixels[:, :, 0].copy()
    return np.asarray(cv2.cvtColor(pixels, conversion), np.uint8)


def _place_of(name: str, devices: Any, broken: Broken) -> int:
    """Where the camera of this serial number, user's name or id stands among those the producer sees."""
    names = [_names_of(found, broken) for found in devices]
    for place, known in enumerate(names):
        if name in known:
            return place
    raise CameraLost(f"no camera {name!r}; the producer sees {', '.join(known[0] for known in names) or 'none'}")


def _names_of(found: Any, broken: Broken) -> list[str]:
    """What a device is called; which of its names a device has is its maker's choice."""
    names: list[str] = []
    for attribute in ("serial_number", "user_defined_name", "id_"):
        try:
            names.append(str(getattr(found, attribute)))
        except broken:
            continue
    return names or ["a camera without a name"]


def _harvester() -> tuple[Any, Broken]:
    try:
        from genicam import genapi, gentl
        from harvesters.core import Harvester
    except ImportError as error:
        raise SettingRefused(f"--source genicam: {error}; pip install '.[genicam]'") from error
    return Harvester(), (gentl.GenericException, genapi.GenericException)


@contextmanager
def _lost_where(broken: Broken, let_go: Callable[[], object]) -> Iterator[None]:
    """What cannot be opened is let go of, and tried again later."""
    try:
        yield
    except CameraLost:
        let_go()
        raise
    except broken + NOT_THERE as error:
        let_go()
        raise CameraLost(str(error) or type(error).__name__) from error
