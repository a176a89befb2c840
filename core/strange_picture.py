"""What an encoded picture may say of itself before any decoder believes it: the one guard of all who decode.

A decoder takes the memory that a PNG's chunk says it needs before it looks for it. A TIFF's two readers, ours and the
decoder's, must not understand its directory differently.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import ImageRefused

PNG = b"\x89PNG\r\n\x1a\n"
CHUNK_FRAME = 12
"""Bytes of a chunk beside its content: length, name, checksum."""

ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}
WIDTH, HEIGHT, BITS, TILE_WIDTH, TILE_HEIGHT = 256, 257, 258, 322, 323
SHORT = 3
LARGEST_TILE = 2048 * 2048
"""Pixels: far above the 256 to 512 squared that programs write. The decoder makes room for a whole tile, however
small the picture is: without a limit 200 kB of message took a gigabyte."""

MOST_BITS = 16
"""Per sample, as cameras have them; 64 would make eight times the room that the limit on pixels promises."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a directory; `value` is its first number."""

    tag: int
    value: int


def refuse_strange(content: bytes) -> None:
    """Nothing for a picture whose memory is what its header says, of any format.

    Raises:
        ImageRefused: It is ambiguous about how much memory it takes, or asks for too much of it.
    """
    refuse_strange_png(content)
    refuse_strange_tiff(content)


def refuse_strange_png(content: bytes) -> None:
    """Nothing for other formats, and for a PNG whose chunks say no more than is there.

    Raises:
        ImageRefused: A chunk claims to be longer than what is left of the file.
    """
    if not content.startswith(PNG):
        return
    at = len(PNG)
    while at + CHUNK_FRAME <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        if length > len(content) - at - CHUNK_FRAME:
            raise ImageRefused(f"a PNG chunk of {length} bytes in a file of {len(content)}")
        at += length + CHUNK_FRAME


def refuse_strange_tiff(content: bytes) -> None:
    """Nothing for other formats.

    Raises:
        ImageRefused: A tag that decides about memory stands there twice, or asks for too much of it.
    """
    order = ORDERS.get(content[:4])
    if order is None:
        return
    try:
        entries = [entry for entry in _entries(content, order) if entry.tag in range(WIDTH, TILE_HEIGHT + 1)]
    except struct.error as error:
        raise ImageRefused("its header is damaged") from error
    found = {entry.tag: entry.value for entry in entries}
    if len(found) != len(entries):
        # The decoder takes the first and we the last: the size that was checked would not be the one it makes.
        raise ImageRefused("a TIFF that says something twice")
    if found.get(TILE_WIDTH, 0) * found.get(TILE_HEIGHT, 0) > LARGEST_TILE:
        raise ImageRefused(f"tiles of {found[TILE_WIDTH]} x {found[TILE_HEIGHT]} pixels")
    if found.get(BITS, 1) > MOST_BITS:
        raise ImageRefused(f"{found[BITS]} bits per sample, {MOST_BITS} accepted")


def _entries(content: bytes, order: str) -> Iterator[Entry]:
    (start,) = struct.unpack_from(order + "I", content, 4)
    (count,) = struct.unpack_from(order + "H", content, start)
    for place in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, numbers = struct.unpack_from(order + "HHI", content, place)
        layout, at = ("H", place + 8) if kind == SHORT else ("I", place + 8)
        if kind == SHORT and numbers > 2:  # more than fits here: what stands here is where they are
            (at,) = struct.unpack_from(order + "I", content, place + 8)
        yield Entry(tag, struct.unpack_from(order + layout, content, at)[0])
