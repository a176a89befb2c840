"""From a source as it is written on the command line to a camera."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from core.errors import SettingRefused
from ingest.cameras import Camera
from ingest.folder import FolderCamera
from ingest.pacing import Monotonic
from ingest.part_shapes import Style
from ingest.settings import IngestSettings
from ingest.simulated import SimulatedCamera, Simulation
from ingest.video import RecordingCamera, open_rtsp, open_usb
from ingest.watchdog import ReopeningCamera

FORMS = "folder:DIR, video:FILE, rtsp://HOST/PATH, usb:NUMBER, simulated:disc, simulated:plate?defects=0.1&size=256"


@dataclass(frozen=True, slots=True)
class Opening:
    """What opening a source may need. `seed` is None where nobody asked for one."""

    seed: int | None
    settings: IngestSettings
    monotonic: Monotonic


def open_camera(source: str, opening: Opening) -> Camera:
    """The camera behind a source.

    Raises:
        SettingRefused: The source is of no known form, or what it names is not there.
    """
    kind, colon, rest = source.partition(":")
    if not colon or kind not in KINDS:
        raise SettingRefused(f"--source is of no known kind; write one of {FORMS}")
    return KINDS[kind](rest, opening)


def to_simulation(rest: str) -> Simulation:
    """What `simulated:` asks for, e.g. `plate?defects=0.2&size=256`; all of it may be left out.

    Raises:
        SettingRefused: An unknown style or option, or a value out of range.
    """
    style, _, query = rest.partition("?")
    try:
        options = dict(parse_qsl(query, strict_parsing=True)) if query else {}
        if unknown := set(options) - {"defects", "size"}:
            raise ValueError(f"unknown option {', '.join(sorted(unknown))}")
        return Simulation(
            Style(style or Style.DISC), float(options.get("defects", "0.1")), int(options.get("size", "256"))
        )
    except ValueError as error:
        raise SettingRefused(f"--source simulated:{rest}: {error}; write e.g. simulated:disc?defects=0.1") from error


def _open_folder(rest: str, opening: Opening) -> Camera:
    if not rest:
        raise SettingRefused("--source folder: needs a folder, e.g. folder:images/good")
    return FolderCamera(Path(rest), opening.seed)


def _open_recording(rest: str, _: Opening) -> Camera:
    return RecordingCamera(Path(rest))


def _open_rtsp(rest: str, opening: Opening) -> Camera:
    return _healing(lambda: open_rtsp(f"rtsp:{rest}", opening.settings.source_timeout_s), opening)


def _open_usb(rest: str, opening: Opening) -> Camera:
    if not (rest.isascii() and rest.isdigit()):
        raise SettingRefused(f"--source usb:{rest}: write the camera's number, e.g. usb:0")
    return _healing(lambda: open_usb(int(rest), opening.settings.source_timeout_s), opening)


def _open_simulated(rest: str, opening: Opening) -> Camera:
    return SimulatedCamera(to_simulation(rest), opening.seed or 0)


def _healing(open_source: Callable[[], Camera], opening: Opening) -> Camera:
    settings = opening.settings
    return ReopeningCamera(open_source, opening.monotonic, settings.first_reopen_s, settings.longest_reopen_s)


KINDS: dict[str, Callable[[str, Opening], Camera]] = {
    "folder": _open_folder,
    "video": _open_recording,
    "rtsp": _open_rtsp,
    "usb": _open_usb,
    "simulated": _open_simulated,
}
