"""Maps and pictures made small: the stored 8-bit map with its scale, and the live board's thumbnail."""

from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from core.frame import Image
from core.inspection import StoredMap

THUMBNAIL_SIDE = 640
THUMBNAIL_QUALITY = 80

Values = TypeVar("Values", NDArray[np.float32], NDArray[np.uint8])


def to_stored_map(values: NDArray[np.float32], scale: float) -> StoredMap:
    """The map, shrunk per side by `scale` (0 < scale <= 1), as 8 bits between its own lowest and highest value."""
    shrunk = _shrunk(values, scale)
    low, high = float(shrunk.min()), float(shrunk.max())
    # In double precision: the span of a float32 map may be too small for its inverse in single precision.
    steps = (shrunk.astype(np.float64) - low) / (high - low) * 255 if high > low else np.zeros_like(shrunk)
    return StoredMap(_encoded(".png", np.rint(steps).astype(np.uint8)), low, high)


def to_values(stored: StoredMap) -> NDArray[np.float32]:
    """The map back from its PNG, to half a step of 255."""
    pixels = cv2.imdecode(np.frombuffer(stored.png, np.uint8), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise ValueError(f"not a PNG of ours: {stored.png[:16]!r}")
    return np.asarray(stored.low + pixels.astype(np.float32) / 255 * (stored.high - stored.low), np.float32)


def thumbnail(image: Image) -> bytes:
    """A small JPEG of the frame, for eyes only: nothing is ever judged by it."""
    height, width = image.pixels.shape[:2]
    shrunk = _shrunk(image.pixels, min(1.0, THUMBNAIL_SIDE / max(height, width)))
    return _encoded(".jpg", shrunk[:, :, ::-1], cv2.IMWRITE_JPEG_QUALITY, THUMBNAIL_QUALITY)


def _shrunk(values: Values, scale: float) -> Values:
    if scale >= 1:
        return values
    height, width = (max(1, round(side * scale)) for side in values.shape[:2])
    return cast(Values, cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA))


def _encoded(kind: str, pixels: NDArray[np.uint8], *parameters: int) -> bytes:
    done, encoded = cv2.imencode(kind, np.ascontiguousarray(pixels), parameters)
    if not done:
        raise ValueError(f"{pixels.shape} {pixels.dtype} cannot be written as {kind}")
    return encoded.tobytes()
