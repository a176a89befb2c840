"""Frame: what one camera saw once, still encoded; Image: the same, decoded."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from core.errors import ContentMismatch

CAMERA_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
PRODUCT_NAME = CAMERA_NAME
START_ID = re.compile(r"[0-9a-f]{12}")
SHA256 = re.compile(r"[0-9a-f]{64}")
LABEL = re.compile(r"[^\x00-\x1f\x7f]{0,128}")
MAX_SEQUENCE = 2**63 - 1


def check_match(field: str, pattern: re.Pattern[str], text: str) -> None:
    """Raise ValueError naming the field unless the whole text matches."""
    if not pattern.fullmatch(text):
        raise ValueError(f"{field} must match {pattern.pattern}, got {text[:80]!r}")


def check_utc(field: str, moment: datetime) -> None:
    """Raise ValueError unless the moment is aware and in UTC."""
    if moment.utcoffset() != timedelta(0):
        raise ValueError(f"{field} must be in UTC, got {moment.isoformat()}")


@dataclass(frozen=True, slots=True, order=True)
class FrameId:
    """The natural key of a frame: which camera, which start of its process, how many frames before it."""

    camera: str
    start_id: str
    sequence: int

    def __post_init__(self) -> None:
        check_match("camera", CAMERA_NAME, self.camera)
        check_match("start_id", START_ID, self.start_id)
        if not 0 <= self.sequence <= MAX_SEQUENCE:
            raise ValueError(f"sequence must be in 0..{MAX_SEQUENCE}, got {self.sequence}")

    def __str__(self) -> str:
        return f"{self.camera}/{self.start_id}/{self.sequence}"


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """Everything known about a frame before its content is opened.

    `part_id` and `lot` are empty where nobody told the camera; `size` is the content's length in bytes.
    """

    id: FrameId
    captured_at: datetime
    product: str
    part_id: str
    lot: str
    sha256: str
    size: int

    def __post_init__(self) -> None:
        check_utc("captured_at", self.captured_at)
        check_match("product", PRODUCT_NAME, self.product)
        check_match("part_id", LABEL, self.part_id)
        check_match("lot", LABEL, self.lot)
        check_match("sha256", SHA256, self.sha256)
        if self.size < 0:
            raise ValueError(f"size must not be negative, got {self.size}")


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture with its time and place, exactly as the camera encoded it."""

    header: FrameHeader
    content: bytes

    def __post_init__(self) -> None:
        if len(self.content) != self.header.size:
            raise ContentMismatch(f"{self.header.size} bytes announced, {len(self.content)} came")
        if sha256_of(self.content) != self.header.sha256:
            raise ContentMismatch(f"sha256 of {self.header.id}")


@dataclass(frozen=True, slots=True)
class ClaimedFrame:
    """A frame too large for the bus: its content waits in the artifact store under `uri`."""

    header: FrameHeader
    uri: str


@dataclass(frozen=True, slots=True)
class DroppedFrame:
    """A frame the camera had to give up, announced so that its part is rejected instead of forgotten."""

    header: FrameHeader
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A decoded picture: H x W x 3, uint8, RGB."""

    pixels: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise ValueError(f"an image is H x W x 3 uint8, got {self.pixels.shape} {self.pixels.dtype}")


def sha256_of(content: bytes) -> str:
    """Lower-case hexadecimal SHA-256 of the content."""
    return hashlib.sha256(content).hexdigest()


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970 in UTC, without floating point: Postgres keeps exactly these."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def from_microseconds(microseconds: int) -> datetime:
    """The moment that `to_microseconds` came from.

    Raises:
        OverflowError: The number lies outside the years 1 to 9999.
    """
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
