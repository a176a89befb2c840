"""Frames made fit for a browser: any size and kind of picture in, a small or a viewable one out.

What a camera sent is hostile until shown otherwise: the header is read and its pixels are counted before anything is
decoded.
"""

import os

os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(50_000_000))  # read once, when cv2 is imported

import io
import warnings
from base64 import b64encode

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from core.errors import ImageRefused
from core.inspection import StoredMap
from core.strange_picture import refuse_strange

PIXEL_LIMIT = 50_000_000
MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
"""The kinds that every browser shows; all others are converted."""

REDUCED = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}
THUMBNAIL_QUALITY = 80
PICTURE_QUALITY = 95


def thumbnail_url(content: bytes, side: int) -> str:
    """The picture as a small JPEG, its longer side at most `side` pixels.

    Raises:
        ImageRefused: It is not a picture, or has too many pixels.
    """
    return data_url(smaller_picture(content, side), "image/jpeg")


def smaller_picture(content: bytes, side: int) -> bytes:
    """The picture as JPEG, its longer side at most `side` pixels; raises as `thumbnail_url` does."""
    pixels = _decoded(content, _reduction(_header(content), side))
    scale = min(1.0, side / max(pixels.shape[:2]))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    if scale < 1:
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return _jpeg(pixels, THUMBNAIL_QUALITY)


def picture_url(content: bytes, limit: int) -> str:
    """The picture as the browser gets it: as it came where it can be shown and is small enough, else as JPEG.

    Raises:
        ImageRefused: It is not a picture, or has too many pixels.
    """
    media_type = MEDIA_TYPES.get(kind_of(content), "")
    if media_type and len(content) <= limit:
        return data_url(content, media_type)
    return data_url(_jpeg(_decoded(content), PICTURE_QUALITY), "image/jpeg")


def smaller_map(stored: StoredMap, side: int) -> StoredMap:
    """The map, its longer side at most `side` pixels, on the same scale; what cannot be read is left out."""
    pixels = cv2.imdecode(np.frombuffer(stored.png, np.uint8), cv2.IMREAD_GRAYSCALE) if stored.png else None
    if pixels is None:
        return StoredMap(b"", stored.low, stored.high)
    scale = side / max(pixels.shape[:2])
    if scale >= 1:
        return stored
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    shrunk = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return StoredMap(cv2.imencode(".png", shrunk)[1].tobytes(), stored.low, stored.high)


def kind_of(content: bytes) -> str:
    """What the header says it is, e.g. `PNG`.

    Raises:
        ImageRefused: It is not a picture, has too many pixels, or is ambiguous about how much memory it takes.
    """
    return _header(content).format or ""


def _header(content: bytes) -> Image.Image:
    refuse_strange(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
            header: Image.Image = Image.open(io.BytesIO(content))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise ImageRefused(str(error)[:200]) from error
    if header.width * header.height > PIXEL_LIMIT:
        raise ImageRefused(f"{header.width} x {header.height} pixels")
    return header


def data_url(content: bytes, media_type: str) -> str:
    """The content as a data URL; empty stays empty."""
    return f"data:{media_type};base64,{b64encode(content).decode()}" if content else ""


def _reduction(header: Image.Image, side: int) -> int:
    """How to decode no more than is needed: a JPEG gives its half, quarter or eighth for a fraction of the time."""
    times = max(header.size) // side if header.format == "JPEG" else 1
    return next((flag for factor, flag in REDUCED.items() if times >= factor), cv2.IMREAD_COLOR)


def _decoded(content: bytes, how: int = cv2.IMREAD_COLOR) -> NDArray[np.uint8]:
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), how)
    except cv2.error as error:
        raise ImageRefused(str(error)[:200]) from error
    if pixels is None:
        raise ImageRefused("it cannot be decoded")
    return np.asarray(pixels, np.uint8)


def _jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    done, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ImageRefused(f"{pixels.shape} cannot be written as JPEG")
    return encoded.tobytes()
