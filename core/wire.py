"""Frame <-> bus record. The one file that the writer (a camera) and the reader (a worker) share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.errors import EnvelopeRefused
from core.frame import (
    ClaimedFrame,
    DroppedFrame,
    Frame,
    FrameHeader,
    FrameId,
    from_microseconds,
    to_microseconds,
)
from core.inspection import Position

TOPIC = "inspection.frames.v1"
VERDICTS_TOPIC = "inspection.verdicts.v1"
INLINE_LIMIT = 1024 * 1024
RECORD_LIMIT = INLINE_LIMIT + 64 * 1024
"""Bytes of a record with its headers: what is larger is none of ours."""
FRAME_LIMIT = 64 * 1024 * 1024
OBJECT_LIMIT = 4 * 1024**3
"""Bytes of the largest artifact that anybody reads whole, where nobody knows a narrower limit."""

HEADER_LIMIT = 1024
VERSION = b"1"


@dataclass(frozen=True, slots=True)
class Record:
    """What the bus carries: a key that keeps a camera's order, small headers, and the frame's bytes."""

    key: bytes
    headers: tuple[tuple[str, bytes], ...]
    value: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record as the bus handed it over.

    `resumed_from` is the offset the reader stood at before it: lower than the record's own offset only where
    the bus has holes. `arrived_at` is the broker's time.
    """

    position: Position
    resumed_from: int
    arrived_at: datetime
    record: Record


def unreadable(why: str) -> Record:
    """What is handed out in place of a record that the bus cannot read: its place must not stop the others."""
    return Record(b"", (("unreadable", why.encode()),), b"")


Arrived = Frame | ClaimedFrame | DroppedFrame


def to_record(arrived: Arrived) -> Record:
    """The record for a frame, a claim on a large frame, or the announcement of a dropped one."""
    header = arrived.header
    extra: dict[str, str] = {"kind": "frame"}
    if isinstance(arrived, ClaimedFrame):
        extra = {"kind": "claim", "uri": arrived.uri}
    elif isinstance(arrived, DroppedFrame):
        extra = {"kind": "drop", "reason": arrived.reason}
    fields = {
        "camera": header.id.camera,
        "start": header.id.start_id,
        "sequence": str(header.id.sequence),
        "captured": str(to_microseconds(header.captured_at)),
        "product": header.product,
        "part": header.part_id,
        "lot": header.lot,
        "sha256": header.sha256,
        "size": str(header.size),
    } | extra
    headers = (("version", VERSION), *((name, text.encode()) for name, text in fields.items()))
    return Record(header.id.camera.encode(), headers, arrived.content if isinstance(arrived, Frame) else b"")


def from_record(record: Record) -> Arrived:
    """What a record announces.

    Raises:
        EnvelopeRefused: The headers are not ours, not whole, too long, or say what cannot be.
        ContentMismatch: The headers are ours, but the bytes are not the ones they describe.
    """
    fields = _texts(record.headers)
    header = _header(fields)
    if record.key != header.id.camera.encode():
        raise EnvelopeRefused(f"key {record.key[:64]!r} is not the camera {header.id.camera}")
    kind = fields["kind"]
    if kind == "frame":
        return Frame(header, record.value)
    if kind == "claim" and fields.get("uri"):
        return ClaimedFrame(header, fields["uri"])
    if kind == "drop":
        return DroppedFrame(header, fields.get("reason", ""))
    raise EnvelopeRefused(f"kind {kind[:32]!r}")


def _texts(headers: tuple[tuple[str, bytes], ...]) -> dict[str, str]:
    names = [name for name, _ in headers]
    if len(set(names)) != len(names) or any(len(value) > HEADER_LIMIT for _, value in headers):
        raise EnvelopeRefused("a header twice, or longer than 1024 bytes")
    if dict(headers).get("version") != VERSION:
        raise EnvelopeRefused("no version header of ours")
    try:
        return {name: value.decode() for name, value in headers}
    except UnicodeDecodeError as error:
        raise EnvelopeRefused("a header that is not UTF-8") from error


def _header(fields: Mapping[str, str]) -> FrameHeader:
    try:
        frame_id = FrameId(fields["camera"], fields["start"], _whole(fields["sequence"]))
        captured_at = from_microseconds(_whole(fields["captured"]))
        header = FrameHeader(
            frame_id,
            captured_at,
            fields["product"],
            fields["part"],
            fields["lot"],
            fields["sha256"],
            _whole(fields["size"]),
        )
        fields["kind"]
    except (KeyError, ValueError, OverflowError) as error:
        raise EnvelopeRefused(str(error)[:200]) from error
    if header.size > FRAME_LIMIT and fields["kind"] != "drop":  # a frame is dropped for being too large, too
        raise EnvelopeRefused(f"{header.size} bytes announced, the line carries {FRAME_LIMIT}")
    return header


def _whole(text: str) -> int:
    """The number, written as this project writes it: ASCII digits, one minus sign for times before 1970."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 19):
        raise ValueError(f"not a whole number: {text[:32]!r}")
    return int(text)
