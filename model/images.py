"""From encoded bytes to what the network sees: one path for training and for the line. Needs no torch."""

import os
from collections.abc import Sequence
from pathlib import Path

MAX_PIXELS = 50_000_000
"""Default limit in pixels (150 MB decoded): above what line cameras deliver, far below what stops a machine."""
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(10 * MAX_PIXELS))

import cv2  # noqa: E402  the limit above is read when OpenCV is imported
import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from core.errors import ImageRefused, ImageTooLarge  # noqa: E402
from core.frame import Image  # noqa: E402
from core.strange_picture import refuse_strange  # noqa: E402
from model.image_header import announced_size  # noqa: E402

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
Size = tuple[int, int]
"""Height and width in pixels."""
READ_AS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
"""Three channels, RGB, 8 bits: grey is tripled, alpha is left out, of 16 bits the upper 8 are kept.

An EXIF orientation is ignored on purpose: a camera on a line is mounted once, and a picture that turns itself would
move the part away from where the model learned it.
"""

cv2.setNumThreads(0)
"""One image at a time is too little work to share; threads of its own only fight with torch's."""


def decode(content: bytes, max_pixels: int = MAX_PIXELS) -> Image:
    """Decode a PNG, JPEG, BMP, TIFF or WebP.

    Args:
        content: The encoded image.
        max_pixels: Limit on width x height, checked in the header before anything is decoded.

    Raises:
        ImageRefused: Not one of these formats, damaged, cut short, or ambiguous about how much memory it takes.
        ImageTooLarge: More pixels than the limit.
    """
    refuse_strange(content)
    width, height = announced_size(content)
    if width < 1 or height < 1:
        raise ImageRefused(f"{width} x {height} pixels announced")
    if width * height > max_pixels:
        raise ImageTooLarge(f"{width} x {height} pixels announced, {max_pixels} accepted")
    pixels = _decoded(content)
    if pixels is None or pixels.shape[:2] != (height, width):
        raise ImageRefused("damaged or cut short")
    return Image(np.asarray(pixels, np.uint8))


def _decoded(content: bytes) -> NDArray[np.uint8] | None:
    try:
        return np.asarray(found, np.uint8) if (found := cv2.imdecode(_buffer(content), READ_AS)) is not None else None
    except cv2.error as error:
        raise ImageRefused("the decoder gave up") from error


def _buffer(content: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(content, np.uint8)


def read_image(path: Path) -> Image:
    """Decode a file.

    Raises:
        ImageRefused: As `decode`, naming the file.
    """
    try:
        return decode(path.read_bytes())
    except ImageRefused as error:
        raise type(error)(f"{path.name}: {error.detail}") from error


def size_of(path: Path) -> Size:
    """Height and width of an image file, from its header.

    Raises:
        ImageRefused: As `decode`, naming the file.
    """
    try:
        width, height = announced_size(path.read_bytes())
    except ImageRefused as error:
        raise type(error)(f"{path.name}: {error.detail}") from error
    if width < 1 or height < 1:
        raise ImageRefused(f"{path.name}: {width} x {height} pixels announced")
    return height, width


def image_paths(folder: Path) -> list[Path]:
    """All image files below the folder, in the order of their paths."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)


def resized(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """The picture at this size, without regard to its aspect.

    Shrinking averages areas, so that a small defect is dimmed instead of missed between two samples; growing is
    bilinear.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    shrinks = pixels.shape[0] * pixels.shape[1] > height * width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=how), np.uint8)


def normalised(images: Sequence[NDArray[np.uint8]], mean: Sequence[float], std: Sequence[float]) -> NDArray[np.float32]:
    """Equal-sized pictures as the network's input: N x 3 x H x W, (value / 255 - mean) / std per channel."""
    scale = (1 / (255 * np.asarray(std))).astype(np.float32)
    shift = (-np.asarray(mean) / np.asarray(std)).astype(np.float32)
    stacked = np.stack(images).astype(np.float32) * scale + shift
    return np.ascontiguousarray(stacked.transpose(0, 3, 1, 2))
