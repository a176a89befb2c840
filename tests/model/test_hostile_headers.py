"""What a picture's first bytes claim: read or refused by name, and never less than what the decoder makes of it."""

import struct
from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st

from core.errors import ImageRefused
from core.strange_picture import LARGEST_TILE, refuse_strange_tiff
from model.image_header import READERS, announced_size
from model.images import decode

SMALL = 1_000_000
PIXELS = (np.arange(12 * 16 * 3, dtype=np.uint32).reshape(12, 16, 3) * 7 % 256).astype(np.uint8)
PICTURES = [cv2.imencode(suffix, PIXELS)[1].tobytes() for suffix in (".png", ".jpg", ".bmp", ".tiff", ".webp")]
SIGNATURES = [signature for signature, _ in READERS]


@st.composite
def changed_pictures(draw: st.DrawFn) -> bytes:
    """A picture with a few bytes overwritten, and cut."""
    content = bytearray(draw(st.sampled_from(PICTURES)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(content) - 1))
        piece = draw(st.one_of(st.binary(min_size=1, max_size=4), st.sampled_from([b"\xff" * 4, b"\0" * 4])))
        content[at : at + len(piece)] = piece
    return bytes(content[: draw(st.integers(0, len(content)))]) if draw(st.booleans()) else bytes(content)


@given(st.sampled_from(SIGNATURES), st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_behind_a_signature_give_a_size_or_a_refusal(signature: bytes, rest: bytes) -> None:
    """No other error, and no endless loop."""
    try:
        width, height = announced_size(signature + rest)
    except ImageRefused:
        target(0.0)
        return
    target(float(len(rest)))
    assert isinstance(width, int)
    assert isinstance(height, int)


@given(changed_pictures())
@settings(max_examples=150, deadline=None)
def test_a_changed_picture_is_decoded_at_its_announced_size_or_refused(content: bytes) -> None:
    """So that the limit, which is checked on what is announced, holds for what is decoded."""
    try:
        image = decode(content, SMALL)
    except ImageRefused:
        return
    width, height = announced_size(content)
    assert image.pixels.shape == (height, width, 3)
    assert width * height <= SMALL


@given(st.sampled_from([b"II*\x00", b"MM\x00*"]), st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_directory_is_walked_to_its_end_or_refused(signature: bytes, rest: bytes) -> None:
    """By the second reader, too."""
    with suppress(ImageRefused):
        refuse_strange_tiff(signature + rest)


def tiff(*entries: tuple[int, int], order: str = "<") -> bytes:
    """A grey picture of 8 x 8 whose directory begins with these entries."""
    plain = [(258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 8), (279, 64)]
    said = [*entries, *(one for one in plain if one[0] not in dict(entries))]
    directory = b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in said)
    head = {"<": b"II*\x00", ">": b"MM\x00*"}[order] + struct.pack(order + "I", 8 + 64)
    return head + bytes(64) + struct.pack(order + "H", len(said)) + directory + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_plain_directory_is_accepted(order: str) -> None:
    """So that what is refused below is refused for what it says."""
    assert decode(tiff((256, 8), (257, 8), order=order)).pixels.shape == (8, 8, 3)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        # Our own reader took the last width, the decoder takes the first: 8 x 8 was checked, 400 megapixels were made.
        (((256, 20_000), (256, 8), (257, 20_000), (257, 8)), "twice"),
        (((256, 8), (257, 8), (322, 16_384), (323, 16_384)), "tiles"),
        (((256, 8), (257, 8), (258, 64)), "bits"),
    ],
)
def test_a_directory_that_would_take_more_memory_than_was_checked_is_refused(
    entries: tuple[tuple[int, int], ...], reason: str, order: str
) -> None:
    """Before anything is decoded."""
    with pytest.raises(ImageRefused, match=reason):
        decode(tiff(*entries, order=order))


def test_the_largest_tile_there_may_be_is_accepted() -> None:
    """The limit itself is not beyond it."""
    refuse_strange_tiff(tiff((256, 8), (257, 8), (322, LARGEST_TILE), (323, 1)))


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_count_beyond_the_content_is_refused(order: str) -> None:
    """The count is a stranger's number."""
    content = bytearray(tiff((256, 8), (257, 8), order=order))
    struct.pack_into(order + "H", content, 72, 0xFFFF)
    with pytest.raises(ImageRefused):
        announced_size(bytes(content))
    with pytest.raises(ImageRefused):
        refuse_strange_tiff(bytes(content))
