"""Frames that no worker should ever be sent, each with the reason it must be filed under."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np

from core.frame import ClaimedFrame, DroppedFrame, Frame, FrameHeader, FrameId, sha256_of
from core.verdict import ErrorReason
from core.wire import INLINE_LIMIT, Record, to_record
from line.drill.place import PRODUCT

CAMERA = "poisoner"
START = "00000000000a"
GIANT_SIDE = 20_000
GARBAGE_BYTES = 10_000_000

Claim = Callable[[str, bytes], str]
"""Puts a content into the artifact store under a name and returns its URI."""


@dataclass(frozen=True, slots=True)
class Poison:
    """A record and the reason of its row. `trusted` says whether the row carries the name that the record claims."""

    record: Record
    reason: ErrorReason
    trusted: bool = True


def giant_png(side: int = GIANT_SIDE) -> bytes:
    """A picture of 400 megapixels in a few kilobytes, whole and well-formed."""
    packer = zlib.compressobj(9)
    line = bytes(1 + (side + 7) // 8)
    packed = b"".join(packer.compress(line) for _ in range(side)) + packer.flush()
    shape = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", shape) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def jpeg() -> bytes:
    """A good picture."""
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)
    return bytes(cv2.imencode(".jpg", noise)[1].tobytes())


def frame(sequence: int, content: bytes, captured_at: datetime | None = None) -> Frame:
    """A frame of the poisoner."""
    moment = captured_at or datetime.now(UTC)
    frame_id = FrameId(CAMERA, START, sequence)
    return Frame(FrameHeader(frame_id, moment, PRODUCT, "p", "l", sha256_of(content), len(content)), content)


def acceptance_set(sequence: int, giant: bytes, claim: Claim) -> list[Poison]:
    """The six of A6: four with numbers from `sequence` on, then garbage by claim, then a forger of the first's name."""
    good = jpeg()
    contents = [
        (b"", ErrorReason.EMPTY),
        (good[: len(good) // 2], ErrorReason.UNDECODABLE),
        (giant, ErrorReason.TOO_LARGE),
        (b"%PDF-1.7 this is no picture\n" * 50, ErrorReason.UNDECODABLE),
    ]
    small = [Poison(to_record(frame(sequence + n, content)), reason) for n, (content, reason) in enumerate(contents)]
    garbage = frame(sequence + len(small), good[:200] + bytes(GARBAGE_BYTES))
    uri = claim(f"claims/drill/{sequence}", garbage.content)
    forged = replace(to_record(frame(sequence, good)), value=b"another body")
    return [
        *small,
        Poison(to_record(ClaimedFrame(garbage.header, uri)), ErrorReason.UNDECODABLE),
        Poison(forged, ErrorReason.CONTENT, trusted=False),
    ]


def strange_set(sequence: int) -> list[Poison]:
    """What else a bus may carry: no envelope, a claim on a file, text that Postgres refuses, a clock of long ago."""
    good = jpeg()
    long_ago = datetime.now(UTC) - timedelta(days=9000)
    claimed = ClaimedFrame(frame(sequence, good).header, "file:///etc/passwd")
    dropped = DroppedFrame(frame(sequence + 1, b"").header, "queue full\x00")
    cut = good[:200] + bytes(INLINE_LIMIT - 48_576)
    return [
        Poison(Record(CAMERA.encode(), (("content-type", b"image/png"),), good), ErrorReason.ENVELOPE, trusted=False),
        Poison(to_record(claimed), ErrorReason.MISSING),
        Poison(to_record(dropped), ErrorReason.DROPPED),
        Poison(to_record(frame(sequence + 2, good, captured_at=long_ago)), ErrorReason.CLOCK),
        Poison(to_record(frame(sequence + 3, cut)), ErrorReason.UNDECODABLE),
    ]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
