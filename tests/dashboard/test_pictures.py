"""Frames of any kind and size, made fit for a browser."""

import base64
import struct
import zlib

import cv2
import numpy as np
import pytest

from core.errors import ImageRefused
from dashboard.pictures import picture_url, thumbnail_url

PIXELS = np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)


def encoded(kind: str, pixels: np.ndarray = PIXELS) -> bytes:
    return cv2.imencode(kind, pixels)[1].tobytes()


def decoded(url: str) -> np.ndarray:
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(url.split(",")[1]), np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return np.asarray(pixels)


@pytest.mark.parametrize(("kind", "media_type"), [(".png", "image/png"), (".jpg", "image/jpeg")])
def test_what_browsers_show_goes_out_as_it_came(kind: str, media_type: str) -> None:
    content = encoded(kind)
    assert picture_url(content, 2**20) == f"data:{media_type};base64,{base64.b64encode(content).decode()}"


@pytest.mark.parametrize("kind", [".bmp", ".tiff"])
def test_what_browsers_do_not_show_is_converted_at_full_size(kind: str) -> None:
    assert picture_url(encoded(kind), 2**20).startswith("data:image/jpeg")
    assert decoded(picture_url(encoded(kind), 2**20)).shape == PIXELS.shape


def test_a_large_frame_is_sent_smaller_in_bytes_not_in_pixels() -> None:
    assert decoded(picture_url(encoded(".png"), 1000)).shape == PIXELS.shape


def test_sixteen_bit_grey_becomes_a_thumbnail() -> None:
    deep = np.random.default_rng(1).integers(0, 65535, (900, 500), np.uint16)
    assert max(decoded(thumbnail_url(encoded(".tiff", deep), 160)).shape) == 160


def png_of(width: int, height: int) -> bytes:
    """A small file that says it is huge."""
    body = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + body
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload=alert(1)>", encoded(".png")[:80], encoded(".jpg")[:40], png_of(20_000, 20_000)]
)
def test_what_is_not_a_picture_or_too_large_is_refused_before_it_is_decoded(content: bytes) -> None:
    with pytest.raises(ImageRefused):
        thumbnail_url(content, 160)
