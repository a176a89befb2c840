"""From a source as it is written on the command line to a camera."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from core.errors import SettingRefused
from ingest.attended import Attendance
from ingest.cameras import Camera
from ingest.folder import FolderCamera
from ingest.gentl import open_genicam, to_device
from ingest.pacing import Monotonic
from ingest.part_shapes import Style
from ingest.settings import IngestSettings
from ingest.simulated import SimulatedCamera, Simulation
from ingest.video import Playback, RecordingCamera, open_network, open_usb
from ingest.watchdog import ReopeningCamera

FORMS = (
    "folder:DIR, video:FILE, rtsp://HOST/PATH, http://HOST/PATH, usb:NUMBER, genicam:SERIAL, simulated:disc, "
    "simulated:plate?defects=0.1&size=256"
)


@dataclass(frozen=True, slots=True)
class Opening:
    """What opening a source may need. `seed` is None where nobody asked for one.

    `patient`: a folder or file that is not there is waited for, as nobody sits at a terminal who could correct it.
    """

    seed: int | None
    settings: IngestSettings
    monotonic: Monotonic
    patient: bool = False


def open_camera(source: str, opening: Opening) -> Camera:
    """The camera behind a source; it opens a source that fails or falls silent again by itself.

    Raises:
        SettingRefused: The source is of no known form, or what it names is not there.
    """
    kind, rest = to_kind(source)
    return KINDS[kind](rest, opening)


def to_kind(source: str) -> tuple[str, str]:
    """The kind of a source and what it names; the source itself, which may hold a password, is in no message.

    Raises:
        SettingRefused: No such kind.
    """
    kind, colon, rest = source.partition(":")
    if not colon or kind not in KINDS:
        raise SettingRefused(f"--source is of no known kind; write one of {FORMS}")
    return kind, rest


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
    return _healing_from_start(lambda: FolderCamera(Path(rest), opening.seed), opening)


def _open_recording(rest: str, opening: Opening) -> Camera:
    playback = Playback()
    return _healing_from_start(lambda: RecordingCamera(Path(rest), playback), opening)


def _open_usb(rest: str, opening: Opening) -> Camera:
    if not (rest.isascii() and rest.isdigit()):
        raise SettingRefused(f"--source usb:{rest}: write the camera's number, e.g. usb:0")
    return _healing(lambda: open_usb(int(rest), opening.settings.source_timeout_s), opening)


def _open_genicam(rest: str, opening: Opening) -> Camera:
    device = to_device(rest, opening.settings.gentl_producer)
    return _healing(lambda: open_genicam(device, opening.settings.source_timeout_s), opening)


def _open_simulated(rest: str, opening: Opening) -> Camera:
    return SimulatedCamera(to_simulation(rest), opening.seed or 0)


def _network(scheme: str) -> "Opener":
    def open_url(rest: str, opening: Opening) -> Camera:
        return _healing(lambda: open_network(f"{scheme}:{rest}", opening.settings.source_timeout_s), opening)

    return open_url


def _healing_from_start(open_source: Callable[[], Camera], opening: Opening) -> Camera:
    """What is on disk is looked at once before the line starts: a name that is wrong is told to whoever typed it."""
    if not opening.patient:
        open_source().close()
    return _healing(open_source, opening, live=False)


def _healing(open_source: Callable[[], Camera], opening: Opening, live: bool = True) -> Camera:
    settings = opening.settings
    attendance = Attendance(open_source, opening.monotonic, settings.source_stuck_after_s, live)
    return ReopeningCamera(
        attendance.open,
        opening.monotonic,
        settings.first_reopen_s,
        settings.longest_reopen_s,
        settings.silent_after_s,
    )


Opener = Callable[[str, Opening], Camera]
KINDS: dict[str, Opener] = {
    "folder": _open_folder,
    "video": _open_recording,
    "rtsp": _network("rtsp"),
    "http": _network("http"),
    "https": _network("https"),
    "usb": _open_usb,
    "genicam": _open_genicam,
    "simulated": _open_simulated,
}
