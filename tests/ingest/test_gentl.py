"""GenICam cameras: against the simulated producer that the library brings along, and a twin of the library's acquirer
for what a simulated camera never does. No real camera has been tried."""

import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import SettingRefused
from ingest.cameras import CameraLost, CameraSilent, Capture
from ingest.gentl import COLOURS, Device, GentlCapture, open_capture, to_device, to_pixels
from ingest.sources import _healing, open_camera
from ingest.video import LiveCamera
from tests.ingest.test_sources_heal import PROMPT, grab, grab_until_lost, opening
from tests.ingest.twins import HandClock

RED = (255, 0, 0)


@dataclass
class Component:
    """A picture as the library hands it over: values in a row, with padding at each line's end."""

    data_format: str
    width: int
    height: int
    data: NDArray[np.uint8] | None
    x_padding: int = 0


def red(data_format: str, width: int = 8, height: int = 6, padding: int = 0) -> Component:
    """A red picture, or a white one where there are no colours."""
    by_format = {
        "Mono8": (255,),
        "RGB8": RED,
        "BGR8": RED[::-1],
        "RGBa8": (*RED, 255),
        "BGRa8": (*RED[::-1], 255),
        "BayerRG8": (0,),
    }
    values = np.array(by_format[data_format], np.uint8)
    lines = np.tile(values, (height, width)).reshape(height, -1)
    if data_format == "BayerRG8":
        lines[::2, ::2] = 255
    padded = np.pad(lines, ((0, 0), (0, padding)), constant_values=77)
    return Component(data_format, width, height, padded.ravel(), padding)


@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize("data_format", COLOURS)
def test_every_pixel_format_that_is_taken_gives_its_colours(data_format: str, padding: int) -> None:
    """In OpenCV's order, without what pads the lines; nothing is rounded."""
    pixels = to_pixels(red(data_format, padding=padding))
    assert pixels.shape[:2] == (6, 8)
    expected = 255 if pixels.ndim == 2 else [0, 0, 255]
    assert (pixels[2:-2, 2:-2] == expected).all()


def test_the_pixels_are_a_copy() -> None:
    """The library fills its buffer again while the picture is encoded."""
    component = red("BGR8")
    pixels = to_pixels(component)
    assert component.data is not None
    component.data[:] = 1
    assert (pixels == [0, 0, 255]).all()


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (replace(red("Mono8"), data_format="Mono12"), "pixel format Mono12: set the camera to one of Mono8"),
        (replace(red("Mono8"), data=np.zeros(47, np.uint8)), "8 x 6 announced, fewer bytes came"),
        (replace(red("Mono8"), data=None), "fewer bytes came"),
    ],
)
def test_what_is_no_picture_of_ours_is_silence_that_says_what_to_do(component: Component, message: str) -> None:
    """It counts as missed."""
    with pytest.raises(CameraSilent, match=message):
        to_pixels(component)


def test_a_source_names_camera_producer_and_format() -> None:
    """The producer may come from the setting."""
    assert to_device("123", "/maker.cti") == Device("123", "/maker.cti")
    assert to_device("123?producer=/other.cti&format=Mono8", "/maker.cti") == Device("123", "/other.cti", "Mono8")


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("", "write genicam:SERIAL"),
        ("?producer=/a.cti", "write genicam:SERIAL"),
        ("123", "INGEST_GENTL_PRODUCER"),
        ("123?producer=/a.cti&gain=3", "write genicam:SERIAL"),
        ("123?producer=/a.cti&format=Mono12", "format is one of"),
        ("123?producer", "genicam:123"),
    ],
)
def test_a_source_that_cannot_be_is_refused(rest: str, message: str) -> None:
    """Before anything is opened."""
    with pytest.raises(SettingRefused, match=message):
        to_device(rest, "")


class DeviceGone(Exception):
    """What the library's GenericException is to a lost device."""


@dataclass
class BufferTwin:
    """Given back to the library when the `with` block ends."""

    payload: Any
    calls: list[str]

    def __enter__(self) -> "BufferTwin":
        return self

    def __exit__(self, *_: object) -> None:
        self.calls.append("queue")


@dataclass
class AcquirerTwin:
    """What a capture uses of the library's ImageAcquirer, fed by hand: a component, an incomplete one, or the end."""

    coming: "SimpleQueue[Component | str]" = field(default_factory=SimpleQueue)
    callbacks: list[Any] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    Events: Any = field(default_factory=lambda: SimpleNamespace(INCOMPLETE_BUFFER="incomplete"))

    def add_callback(self, event: str, callback: Any) -> None:
        assert event == "incomplete"
        self.callbacks.append(callback)

    def start(self) -> None:
        self.calls.append("start")

    def try_fetch(self, *, timeout: float) -> Any:
        try:
            came = self.coming.get(timeout=timeout)
        except Empty:
            return None
        if came == "gone":
            raise DeviceGone
        if came == "incomplete":
            for callback in self.callbacks:
                callback.emit(context=self)
            return None
        return BufferTwin(SimpleNamespace(components=[came]), self.calls)

    def stop(self) -> None:
        self.calls.append("stop")
        raise DeviceGone

    def destroy(self) -> None:
        self.calls.append("destroy")


def capture_of(twin: AcquirerTwin) -> GentlCapture:
    capture = GentlCapture(twin, lambda: twin.calls.append("reset"), DeviceGone)
    capture.start()
    return capture


def test_a_picture_whose_packets_were_lost_is_missed_and_never_shown() -> None:
    """The next one is a picture again."""
    twin = AcquirerTwin()
    camera = LiveCamera(lambda: capture_of(twin), 10.0)
    twin.coming.put("incomplete")
    with pytest.raises(CameraSilent, match="1 incomplete: packets were lost"):
        camera.grab()
    twin.coming.put(red("RGB8"))
    assert is_red_at(camera.grab().content)  # type: ignore[union-attr]
    camera.close()


def test_a_device_that_has_gone_is_let_go_of_and_opened_again() -> None:
    """Stopping it fails too, and is no reason to keep its producer."""
    clock, gone, back = HandClock(), AcquirerTwin(), AcquirerTwin()
    twins = [gone, back]
    camera = _healing(lambda: LiveCamera(lambda: capture_of(twins.pop(0)), 2.0), opening(clock))
    gone.coming.put(red("RGB8"))
    grab(camera, clock)
    gone.coming.put("gone")
    grab_until_lost(camera)
    back.coming.put(red("Mono8"))
    grab(camera, clock)
    camera.close()
    assert gone.calls == ["start", "queue", "stop", "destroy", "reset"]


def is_red_at(content: bytes) -> bool:
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(pixels)[0, 0].tolist() == [0, 0, 255]


@pytest.fixture
def producer(tmp_path: Path) -> Path:
    """A copy of the simulated producer: three cameras, in which a ball bounces."""
    try:
        import genicam
    except ImportError:
        message = "harvesters is not installed: pip install '.[genicam]'"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    (found,) = Path(genicam.__file__).parent.glob("*.cti")
    return Path(shutil.copy(found, tmp_path / "maker.cti"))


def pixels_of(taken: object) -> NDArray[np.uint8]:
    assert isinstance(taken, Capture)
    return np.asarray(cv2.imdecode(np.frombuffer(taken.content, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)


@pytest.mark.parametrize(("data_format", "shape"), [("Mono8", (400, 400)), ("RGBa8", (400, 400, 3))])
def test_a_camera_behind_a_producer_gives_pictures(producer: Path, data_format: str, shape: tuple[int, ...]) -> None:
    """As it is told to, one after the other, as PNG."""
    clock = HandClock()
    camera = open_camera(f"genicam:1?producer={producer}&format={data_format}", opening(clock))
    first, second = pixels_of(grab(camera, clock)), pixels_of(grab(camera, clock))
    assert (first.shape, second.shape) == (shape, shape)
    assert first.std() > 0
    camera.close()


def test_a_producer_that_was_taken_away_and_came_back_gives_pictures_again(producer: Path) -> None:
    """An update of the maker's software while the line runs."""
    clock = HandClock()
    away = producer.rename(producer.with_suffix(".away"))
    camera = open_camera(f"genicam:0?producer={producer}", opening(clock))
    for _ in range(3):
        with pytest.raises(CameraSilent):
            camera.grab()
        clock.rest(2.0)
    away.rename(producer)
    assert pixels_of(grab(camera, clock)).shape == (400, 400, 3)
    camera.close()


def test_a_camera_that_somebody_else_holds_is_opened_once_they_let_go(producer: Path) -> None:
    """A viewer that was left open; the camera is silent meanwhile."""
    clock = HandClock()
    device = Device("VikyTL_DEV_blue", str(producer))
    viewer = open_capture(device)
    camera = open_camera(f"genicam:{device.name}?producer={producer}", opening(clock))
    with pytest.raises(CameraSilent):
        camera.grab()
    viewer.release()
    assert pixels_of(grab(camera, clock)).size
    camera.close()


def test_a_camera_that_the_producer_does_not_see_is_waited_for(producer: Path) -> None:
    """The message says which ones it does see."""
    with pytest.raises(CameraLost, match="no camera '99'; the producer sees 0, 1, 2"):
        open_capture(Device("99", str(producer)))


def test_the_setting_names_the_producer_of_all_cameras(producer: Path) -> None:
    """So that a source need not."""
    clock = HandClock()
    told = replace(opening(clock), settings=PROMPT.model_copy(update={"gentl_producer": str(producer)}))
    camera = open_camera("genicam:2", told)
    assert pixels_of(grab(camera, clock)).shape == (400, 400, 3)
    camera.close()
