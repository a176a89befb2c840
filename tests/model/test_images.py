"""Decoding: one path, strict, and never larger than agreed."""

import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ImageRefused, ImageTooLarge
from model.image_header import announced_size
from model.images import decode, normalised, resized
from tests.model.pictures import part

FORMATS = (".png", ".jpg", ".bmp", ".tiff", ".webp")


def encoded(suffix: str, pixels: np.ndarray) -> bytes:
    return cv2.imencode(suffix, pixels)[1].tobytes()


def huge_png(side: int) -> bytes:
    """A few kilobytes that unfold to side x side pixels: the header tells the truth, the rows are empty."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side + 1) * 200, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("suffix", FORMATS)
def test_each_format_comes_out_as_rgb_of_the_announced_size(suffix: str) -> None:
    """OpenCV writes blue first; what we decode has red first."""
    blue_first = np.zeros((37, 53, 3), np.uint8)
    blue_first[:] = (200, 100, 20)
    content = encoded(suffix, blue_first)
    assert announced_size(content) == (53, 37)
    pixels = decode(content).pixels
    assert pixels.shape == (37, 53, 3)
    assert np.abs(pixels[10, 10].astype(int) - (20, 100, 200)).max() <= 6


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("kept", [0.03, 0.5, 0.98])
def test_a_file_cut_short_is_refused_not_half_decoded(suffix: str, kept: float) -> None:
    content = encoded(suffix, part(1))
    with pytest.raises(ImageRefused):
        decode(content[: int(len(content) * kept)])


@pytest.mark.parametrize(
    "content", [b"", b"hello, I am a text", b"\xff\xd8\xff", b"BM", b"II*\x00", b"RIFF0000WEBPVP8X"]
)
def test_what_is_no_image_is_refused(content: bytes) -> None:
    with pytest.raises(ImageRefused):
        decode(content)


def test_a_good_header_with_a_bad_body_is_refused() -> None:
    content = encoded(".png", part(2))
    with pytest.raises(ImageRefused):
        decode(content[:60] + bytes(len(content) - 60))


@given(st.sampled_from(FORMATS), st.data())
def test_no_header_makes_the_reader_stumble(suffix: str, data: st.DataObject) -> None:
    """Any damage is either read or refused by name."""
    content = bytearray(encoded(suffix, part(3, 16)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, min(len(content) - 1, 80)))] = data.draw(st.integers(0, 255))
    try:
        announced_size(bytes(content[: data.draw(st.integers(0, len(content)))]))
    except ImageRefused:
        return


def test_too_many_pixels_are_refused_by_the_header_alone() -> None:
    with pytest.raises(ImageTooLarge):
        decode(huge_png(20_000))
    with pytest.raises(ImageTooLarge):
        decode(encoded(".png", part(1)), max_pixels=100)


def test_a_hostile_png_costs_no_memory() -> None:
    """400 megapixels announced: less than 20 MB more than an honest picture takes."""
    program = (
        "import resource, sys; from core.errors import ImageRefused; from model.images import decode\n"
        "honest, hostile = (open(path, 'rb').read() for path in sys.argv[1:])\n"
        "decode(honest); before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: decode(hostile)\n"
        "except ImageRefused: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("honest.png", "hostile.png")]
        paths[0].write_bytes(encoded(".png", part(1)))
        paths[1].write_bytes(huge_png(20_000))
        command = [sys.executable, "-c", program, *map(str, paths)]
        grown_kb = int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    assert grown_kb < 20_000


def test_decoding_needs_no_torch() -> None:
    program = "import sys, model.images; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_grey_sixteen_bits_and_alpha_are_defined() -> None:
    """Grey is tripled, of 16 bits the upper 8 are kept, alpha is left out."""
    grey = np.full((8, 8), 9, np.uint8)
    assert (decode(encoded(".png", grey)).pixels == 9).all()
    deep = np.full((8, 8, 3), 0x7FFF, np.uint16)
    assert (decode(encoded(".png", deep)).pixels == 0x7F).all()
    clear = np.zeros((8, 8, 4), np.uint8)
    clear[..., 2] = 200
    assert (decode(encoded(".png", clear)).pixels == (200, 0, 0)).all()


def test_an_exif_orientation_does_not_turn_the_part() -> None:
    """A camera on a line is mounted once: what its file says about up is ignored."""
    content = encoded(".jpg", np.zeros((16, 32, 3), np.uint8))
    tiff = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
    body = b"Exif\x00\x00" + tiff
    turned = content[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + content[2:]
    assert decode(turned).pixels.shape == (16, 32, 3)


def test_shrinking_averages_and_normalising_is_per_channel() -> None:
    board = np.zeros((4, 4, 3), np.uint8)
    board[::2, ::2] = 200
    assert (resized(board, 2, 2) == 50).all()
    values = normalised([np.full((2, 2, 3), 255, np.uint8)], (0.5, 0.0, 1.0), (0.5, 1.0, 2.0))
    assert values.shape == (1, 3, 2, 2)
    assert np.allclose(values[0, :, 0, 0], (1.0, 1.0, 0.0))
