"""How large an encoded image claims to be, read from its first bytes: nothing is decoded to find out."""

import struct
from collections.abc import Callable

from core.errors import ImageRefused

Size = tuple[int, int]
"""Width and height in pixels."""

JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start-of-frame markers; C4, C8 and CC lie between them and mean something else."""
JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers that have no length behind them."""
TIFF_WIDTH, TIFF_HEIGHT = 256, 257
TIFF_NUMBERS = {3: "H", 4: "I"}


def announced_size(content: bytes) -> Size:
    """Width and height as the header of a PNG, JPEG, BMP, TIFF or WebP announces them.

    Raises:
        ImageRefused: None of these formats, or its header is damaged.
    """
    for signature, read in READERS:
        if content.startswith(signature):
            try:
                return read(content)
            except (struct.error, IndexError, KeyError) as error:
                raise ImageRefused("its header is damaged") from error
    raise ImageRefused("no content" if not content else f"unknown format, begins with {content[:8].hex()}")


def png_size(content: bytes) -> Size:
    """From IHDR, which must come first."""
    if content[12:16] != b"IHDR":
        raise ImageRefused("a PNG that does not begin with IHDR")
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


def jpeg_size(content: bytes) -> Size:
    """From the first start-of-frame segment."""
    position = 2
    while True:
        position, marker = _next_marker(content, position)
        if marker in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", content, position + 3)
            return width, height
        if marker not in JPEG_ALONE:
            position += max(2, struct.unpack_from(">H", content, position)[0])


def _next_marker(content: bytes, position: int) -> tuple[int, int]:
    """Position behind the next marker, and the marker."""
    if content[position] != 0xFF:
        raise ImageRefused("a JPEG whose segments do not join")
    while content[position] == 0xFF:
        position += 1
    return position + 1, content[position]


def bmp_size(content: bytes) -> Size:
    """From the info header; a negative height means that rows run down."""
    if struct.unpack_from("<I", content, 14)[0] == 12:
        width, height = struct.unpack_from("<HH", content, 18)
    else:
        width, height = struct.unpack_from("<ii", content, 18)
    return width, abs(height)


def webp_size(content: bytes) -> Size:
    """From the lossy, lossless or extended chunk that comes first."""
    kind = content[8:16]
    if kind == b"WEBPVP8X":
        return 1 + _little(content[24:27]), 1 + _little(content[27:30])
    if kind == b"WEBPVP8L":
        bits = struct.unpack_from("<I", content, 21)[0]
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"WEBPVP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise ImageRefused("a RIFF file that is not a WebP picture")


def _little(content: bytes) -> int:
    return int.from_bytes(content, "little")


def tiff_size(content: bytes) -> Size:
    """From the first directory; later pages are not looked at."""
    order = "<" if content[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "I", content, 4)
    (count,) = struct.unpack_from(order + "H", content, start)
    found: dict[int, int] = {}
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(order + "HH", content, entry)
        if tag in (TIFF_WIDTH, TIFF_HEIGHT):
            found[tag] = struct.unpack_from(order + TIFF_NUMBERS[kind], content, entry + 8)[0]
    return found[TIFF_WIDTH], found[TIFF_HEIGHT]


READERS: tuple[tuple[bytes, Callable[[bytes], Size]], ...] = (
    (b"\x89PNG\r\n\x1a\n", png_size),
    (b"\xff\xd8\xff", jpeg_size),
    (b"BM", bmp_size),
    (b"RIFF", webp_size),
    (b"II*\x00", tiff_size),
    (b"MM\x00*", tiff_size),
)
