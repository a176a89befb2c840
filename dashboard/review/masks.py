"""Where a confirmed defect is: taken from the part's map, or drawn by the reviewer. Grey PNG, 255 is defect."""

import base64
import binascii

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import ImageRefused
from core.inspection import StoredMap
from core.verdict import Threshold
from dashboard.pictures import kind_of

PREFIX = "data:image/png;base64,"
LARGEST = 1024
"""Pixels of a drawn mask's longer side: the browser draws at half of it."""


def mask_of_map(stored: StoredMap | None, limits: Threshold | None) -> bytes:
    """Where the map reaches the reject limit, else the review limit; empty where it reaches neither."""
    if stored is None or limits is None or not stored.png:
        return b""
    pixels = cv2.imdecode(np.frombuffer(stored.png, np.uint8), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        return b""
    scores = stored.low + pixels.astype(np.float64) / 255 * (stored.high - stored.low)
    for limit in (limits.reject_from, limits.review_from):
        if (scores >= limit).any():
            return _png(scores >= limit)
    return b""


def drawn_mask(url: str) -> bytes:
    """The mask that the browser drew, made anew from its pixels: nothing it sent is stored as it came.

    Raises:
        ImageRefused: It is no PNG of a reasonable size.
    """
    if not url.startswith(PREFIX):
        raise ImageRefused("a drawn mask is a PNG")
    try:
        content = base64.b64decode(url.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ImageRefused("a drawn mask is base64") from error
    kind_of(content)
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or max(pixels.shape[:2]) > LARGEST or pixels.ndim != 3 or pixels.shape[2] != 4:
        raise ImageRefused("a drawn mask is RGBA within 1024 pixels")
    return _png(pixels[:, :, 3] > 127)


def _png(mask: NDArray[np.bool_]) -> bytes:
    return cv2.imencode(".png", mask.astype(np.uint8) * 255)[1].tobytes() if mask.any() else b""
