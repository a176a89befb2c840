"""PNGs that say more than they hold are refused before a decoder believes them."""

import cv2
import numpy as np
import pytest

from core.errors import ImageRefused
from model.images import decode

WHOLE = cv2.imencode(".png", np.arange(48 * 32 * 3, dtype=np.uint8).reshape(48, 32, 3))[1].tobytes()


def test_a_whole_png_is_decoded() -> None:
    assert decode(WHOLE).pixels.shape == (48, 32, 3)


@pytest.mark.parametrize("claimed", [2**32 - 1, 0xFF00005C, len(WHOLE)])
def test_a_chunk_longer_than_its_file_is_refused(claimed: int) -> None:
    """The decoder would take that many bytes: four gigabytes for a file of a hundred."""
    at = WHOLE.index(b"IDAT") - 4
    hostile = WHOLE[:at] + claimed.to_bytes(4, "big") + WHOLE[at + 4 :]
    with pytest.raises(ImageRefused, match="PNG chunk"):
        decode(hostile)
