"""A camera puts its name to what it publishes, where it has a key."""

import secrets
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from core.errors import SettingRefused
from core.frame import CAMERA_NAME, check_match
from core.inspection import Position
from core.ports import FramePublisher
from core.signature import KEY_BYTES, CameraKey, read_keyring, signed
from core.wire import Record
from ingest.settings import IngestSettings


@dataclass(frozen=True, slots=True)
class SigningPublisher:
    """FramePublisher that signs each record and hands it to another. A record sent again is signed alike."""

    publisher: FramePublisher
    key: CameraKey

    def publish(self, record: Record) -> Future[Position]:
        """Sign, and let the other publish."""
        return self.publisher.publish(signed(record, self.key))

    def close(self, timeout_s: float) -> None:
        """Close the other."""
        self.publisher.close(timeout_s)


def with_signature(publisher: FramePublisher, key: CameraKey | None) -> FramePublisher:
    """The publisher itself where there is no key."""
    return SigningPublisher(publisher, key) if key else publisher


def key_of(camera: str, settings: IngestSettings) -> CameraKey | None:
    """The key of this camera, None where cameras do not sign. Of several in the file it signs with the last.

    Raises:
        SettingRefused: The settings name a key that is none, or a file that has none for this camera.
    """
    if said := settings.signing_key.get_secret_value():
        return CameraKey.from_text(said)
    if not settings.signing_keys:
        return None
    keys = read_keyring(read_lines(Path(settings.signing_keys)), "INGEST_SIGNING_KEYS").get(camera)
    if not keys:
        raise SettingRefused(f"INGEST_SIGNING_KEYS has no key for {camera}: `python -m ingest camera key {camera}`")
    return keys[-1]


def refuse_one_key_for_all(settings: IngestSettings) -> None:
    """Each camera of --from-database has a key of its own, or none has.

    Raises:
        SettingRefused: There is one key.
    """
    if settings.signing_key.get_secret_value():
        raise SettingRefused("INGEST_SIGNING_KEY is a single camera's: for --from-database set INGEST_SIGNING_KEYS")


def read_lines(path: Path) -> list[str]:
    """The lines of a file of keys.

    Raises:
        SettingRefused: It cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingRefused(f"INGEST_SIGNING_KEYS: {path} cannot be read") from error


def key_line(camera: str) -> str:
    """A line with a new key for this camera.

    Raises:
        ValueError: That is no camera's name.
    """
    check_match("camera", CAMERA_NAME, camera)
    return f"{camera} {secrets.token_hex(KEY_BYTES)}"
