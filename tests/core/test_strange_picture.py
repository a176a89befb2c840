"""One guard for whoever decodes: the worker, training, and the pages."""

import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import ImageRefused
from core.strange_picture import refuse_strange
from dashboard.pictures import kind_of
from model.images import decode, read_image

PIXELS = np.arange(48 * 32 * 3, dtype=np.uint8).reshape(48, 32, 3)
PNG, TIFF = (cv2.imencode(suffix, PIXELS)[1].tobytes() for suffix in (".png", ".tiff"))


def longer_than_its_file() -> bytes:
    """A PNG whose picture data say that they have four gigabytes."""
    at = PNG.index(b"IDAT") - 4
    return PNG[:at] + (2**32 - 1).to_bytes(4, "big") + PNG[at + 4 :]


def says_its_width_twice() -> bytes:
    """A TIFF whose second entry repeats the first one's tag."""
    (directory,) = struct.unpack_from("<I", TIFF, 4)
    first, second = directory + 2, directory + 14
    return TIFF[:second] + TIFF[first : first + 12] + TIFF[second + 12 :]


def read_from_disk(content: bytes, folder: Path) -> object:
    path = folder / "picture.png"
    path.write_bytes(content)
    return read_image(path)


@pytest.mark.parametrize("hostile", [longer_than_its_file(), says_its_width_twice()])
@pytest.mark.parametrize("reader", [refuse_strange, decode, kind_of])
def test_no_reader_believes_a_strange_picture(hostile: bytes, reader: Callable[[bytes], object]) -> None:
    with pytest.raises(ImageRefused, match=r"PNG chunk|twice"):
        reader(hostile)


@pytest.mark.parametrize("hostile", [longer_than_its_file(), says_its_width_twice()])
def test_a_training_folder_is_guarded_like_the_line(hostile: bytes, tmp_path: Path) -> None:
    """The refusal names the file, so that a person can take it out."""
    with pytest.raises(ImageRefused, match=r"picture\.png: .*(PNG chunk|twice)"):
        read_from_disk(hostile, tmp_path)


@pytest.mark.parametrize("content", [PNG, TIFF, b"", b"no picture"])
def test_the_guard_lets_through_whatever_says_nothing_strange(content: bytes) -> None:
    """Whether it is a picture at all is for the reader to find out."""
    refuse_strange(content)
