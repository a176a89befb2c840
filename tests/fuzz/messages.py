"""Messages that cameras might have sent, changed as a stranger, a broken cable or an old program would."""

import struct
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from core.frame import ClaimedFrame, DroppedFrame, Frame, FrameHeader, FrameId, sha256_of
from core.wire import Arrived, Record, to_record
from tests.fuzz.choices import Choices
from tests.worker.in_memory_line import NOON, START

CAMERA, PRODUCT = "cam", "disc"
MOST_CHANGES = 3
LONGEST_ADDED = 4096
FORMATS = (".png", ".jpg", ".bmp", ".tiff", ".webp")
EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 20_000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
TEXTS = (
    *("", "-1", "0", "1e9", "\u0663", "9" * 19, "-" + "9" * 19, "9" * 1000, "9" * 5000, "NaN", "0x10", " 7", "1_000"),
    *("../../etc/passwd", "a\x00b", "line1-top\n", "\u202eevil", "\U0001f4a5" * 300, "\u00e9" * 128, "?inspection"),
    *("claim", "drop", "frame", "memory:", "file:///etc/passwd", "s3://bucket/x", "{}", "'; drop table x;--"),
)
BYTES = (*(text.encode() for text in TEXTS), b"\xff\xfe", b"\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80")
NAMES = ("version", "camera", "start", "sequence", "captured", "product", "part", "lot", "sha256", "size", "kind")


def picture(suffix: str) -> bytes:
    """A small picture with something on it."""
    pixels = np.arange(12 * 16 * 3, dtype=np.uint32).reshape(12, 16, 3) * 7 % 256
    return bytes(cv2.imencode(suffix, pixels.astype(np.uint8))[1].tobytes())


PICTURES = tuple((suffix, picture(suffix)) for suffix in FORMATS)


def message(number: int, choices: Choices) -> Record:
    """The camera's message of this number: its picture changed, its envelope, both, or nothing.

    A changed picture is mostly hashed again: without a fitting hash nothing of it ever reaches the decoder.
    """
    record = to_record(_sent(number, choices))
    for _ in range(choices.below(MOST_CHANGES + 1)):
        record = choices.one_of(VALUE_CHANGES)(record, choices)
    if record.value and choices.below(8):
        record = _hashed_again(record)
    for _ in range(max(0, choices.below(MOST_CHANGES + 3) - 3)):
        record = choices.one_of(ENVELOPE_CHANGES)(record, choices)
    return record


def _sent(number: int, choices: Choices) -> Arrived:
    suffix, content = choices.one_of(PICTURES)
    header = FrameHeader(FrameId(CAMERA, START, number), NOON, PRODUCT, "p1", "l1", sha256_of(content), len(content))
    frame = Frame(header, content)
    claims = (ClaimedFrame(header, claimed_at(suffix)), ClaimedFrame(header, "memory:x"))
    return choices.one_of((frame, frame, frame, frame, frame, *claims, DroppedFrame(header, "queue full")))


def claimed_at(suffix: str) -> str:
    """Where the picture of this format waits for those who claim it."""
    return f"memory:claims/{suffix[1:]}"


def _flip_bits(content: bytes, choices: Choices) -> bytes:
    changed = bytearray(content or b"\0")
    for _ in range(1 + choices.below(8)):
        # Most of what a format decides stands at its beginning.
        reach = len(changed) if choices.below(2) else min(len(changed), 64)
        changed[choices.below(reach)] ^= 1 << choices.below(8)
    return bytes(changed)


def _value_flipped(record: Record, choices: Choices) -> Record:
    return replace(record, value=_flip_bits(record.value, choices))


def _value_cut(record: Record, choices: Choices) -> Record:
    return replace(record, value=record.value[: choices.below(len(record.value) + 1)])


def _value_grown(record: Record, choices: Choices) -> Record:
    return replace(record, value=record.value + choices.content(255) * (1 + choices.below(LONGEST_ADDED // 255)))


def _value_head_swapped(record: Record, choices: Choices) -> Record:
    """Another format's beginning on this picture."""
    length = choices.below(64)
    return replace(record, value=choices.one_of(PICTURES)[1][:length] + record.value[length:])


def _value_number(record: Record, choices: Choices) -> Record:
    """A length or a side of the picture that cannot be."""
    layout = choices.one_of((">I", "<I", ">H", "<H", "B"))
    number = choices.one_of(EXTREMES) & (256 ** struct.calcsize(layout) - 1)
    changed = bytearray(record.value.ljust(64, b"\0"))
    struct.pack_into(layout, changed, choices.below(min(len(changed) - 4, 512)), number)
    return replace(record, value=bytes(changed))


def _header_of(record: Record, choices: Choices) -> int:
    return choices.below(max(1, len(record.headers)))


def _with(record: Record, place: int, value: bytes) -> Record:
    headers = list(record.headers)
    headers[place : place + 1] = [(headers[place][0], value)] if place < len(headers) else []
    return replace(record, headers=tuple(headers))


def _header_flipped(record: Record, choices: Choices) -> Record:
    place = _header_of(record, choices)
    value = record.headers[place][1] if record.headers else b""
    return _with(record, place, _flip_bits(value, choices))


def _header_said(record: Record, choices: Choices) -> Record:
    return _with(record, _header_of(record, choices), choices.one_of(BYTES))


def _header_random(record: Record, choices: Choices) -> Record:
    return _with(record, _header_of(record, choices), choices.content(64))


def _header_removed(record: Record, choices: Choices) -> Record:
    place = _header_of(record, choices)
    return replace(record, headers=record.headers[:place] + record.headers[place + 1 :])


def _header_repeated(record: Record, choices: Choices) -> Record:
    place = _header_of(record, choices)
    return replace(record, headers=record.headers + record.headers[place : place + 1] * (1 + choices.below(300)))


def _headers_swapped(record: Record, choices: Choices) -> Record:
    """Two headers with each other's values."""
    if not record.headers:
        return record
    one, other = _header_of(record, choices), _header_of(record, choices)
    first, second = record.headers[one][1], record.headers[other][1]
    return _with(_with(record, one, second), other, first)


def _header_added(record: Record, choices: Choices) -> Record:
    name = choices.one_of((*NAMES, "uri", "reason", "signature", "", "é", "x" * 2000))
    return replace(record, headers=(*record.headers, (name, choices.one_of(BYTES))))


def _key_changed(record: Record, choices: Choices) -> Record:
    return replace(record, key=choices.one_of((b"", b"other", b"\xff", record.key.upper(), choices.content(80))))


Change = Callable[[Record, Choices], Record]
VALUE_CHANGES: tuple[Change, ...] = (_value_flipped, _value_cut, _value_grown, _value_head_swapped, _value_number)
ENVELOPE_CHANGES: tuple[Change, ...] = (
    *(_header_flipped, _header_said, _header_random, _header_removed, _header_repeated),
    *(_headers_swapped, _header_added, _key_changed, _value_flipped),
)


def _hashed_again(record: Record) -> Record:
    true = {"sha256": sha256_of(record.value).encode(), "size": str(len(record.value)).encode()}
    return replace(record, headers=tuple((name, true.get(name, value)) for name, value in record.headers))
