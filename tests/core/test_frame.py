"""Frames and their names."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given

from core.errors import ContentMismatch
from core.frame import (
    MAX_SEQUENCE,
    Frame,
    FrameHeader,
    FrameId,
    Image,
    from_microseconds,
    sha256_of,
    to_microseconds,
)
from tests.core.strategies import headers, moments

HEADER = FrameHeader(
    FrameId("line1-top", "0123456789ab", 7), datetime(2026, 11, 24, tzinfo=UTC), "nut", "", "", sha256_of(b""), 0
)


@given(moments)
def test_microseconds_keep_a_moment_exactly(moment: datetime) -> None:
    """From the year 1 to 9999, where floating point would not."""
    assert from_microseconds(to_microseconds(moment)) == moment


@pytest.mark.parametrize("microseconds", [10**18, -(10**18)])
def test_microseconds_beyond_the_calendar_are_refused(microseconds: int) -> None:
    """With the one error that readers expect."""
    with pytest.raises(OverflowError):
        from_microseconds(microseconds)


@pytest.mark.parametrize("camera", ["", "Line", "-top", ".hidden", "a/b", "a b", "a\n", "x" * 64, "ä"])
def test_a_camera_has_a_name_that_can_stand_in_a_path_and_a_topic(camera: str) -> None:
    """Lower-case letters, digits, dots, underscores and dashes, at most 63."""
    with pytest.raises(ValueError, match="camera"):
        FrameId(camera, "0123456789ab", 0)


@pytest.mark.parametrize(
    "start_id", ["", "0123456789a", "0123456789abc", "0123456789AB", "0123456789ag", "0123456789ab\n"]
)
def test_a_start_id_is_twelve_hexadecimal_digits(start_id: str) -> None:
    """Drawn anew whenever a camera's process starts."""
    with pytest.raises(ValueError, match="start_id"):
        FrameId("top", start_id, 0)


@pytest.mark.parametrize("sequence", [-1, MAX_SEQUENCE + 1])
def test_a_sequence_fits_into_the_ledger(sequence: int) -> None:
    """Postgres counts to 2**63 - 1."""
    with pytest.raises(ValueError, match="sequence"):
        FrameId("top", "0123456789ab", sequence)


def test_frame_ids_sort_in_the_order_of_capture() -> None:
    """Within one start of one camera, by number and not by digits."""
    ids = [FrameId("top", "0123456789ab", number) for number in (10, 9, 2)]
    assert [found.sequence for found in sorted(ids)] == [2, 9, 10]


@pytest.mark.parametrize(
    "captured_at",
    [datetime(2026, 11, 24), datetime(2026, 11, 24, tzinfo=timezone(timedelta(hours=1)))],  # noqa: DTZ001  # the point
)
def test_a_frame_is_captured_in_utc(captured_at: datetime) -> None:
    """A naive time or a local one cannot be built into a header."""
    with pytest.raises((ValueError, TypeError)):
        replace(HEADER, captured_at=captured_at)


@pytest.mark.parametrize(
    "change", [{"product": "Nut"}, {"part_id": "a\nb"}, {"lot": "x" * 129}, {"sha256": "0" * 63}, {"size": -1}]
)
def test_a_header_that_says_what_cannot_be_cannot_be_built(change: dict[str, object]) -> None:
    """Each field is checked once, where it arises."""
    with pytest.raises(ValueError, match=next(iter(change))):
        replace(HEADER, **change)  # type: ignore[arg-type]


@given(headers(b"content"))
def test_a_frame_is_exactly_what_its_header_says(header: FrameHeader) -> None:
    """Another length or another byte is a mismatch."""
    assert Frame(header, b"content").content == b"content"
    for other in (b"", b"Content", b"content!"):
        with pytest.raises(ContentMismatch):
            Frame(header, other)


@pytest.mark.parametrize("pixels", [np.zeros((2, 2), np.uint8), np.zeros((2, 2, 4), np.uint8), np.zeros((2, 2, 3))])
def test_an_image_has_three_channels_of_bytes(pixels: np.ndarray) -> None:
    """Grey, transparent or floating pictures are converted where they are decoded."""
    with pytest.raises(ValueError, match="uint8"):
        Image(pixels)
