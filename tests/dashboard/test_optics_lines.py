"""What a part's story says of its camera's optics."""

from core.optics import Limits, Optics, OpticsCheck
from dashboard.gallery_parts import optics_lines

CHECK = OpticsCheck(
    Optics(0.5, 1.0, 0.6, 0.01), Limits(0.3, None), Limits(0.8, 1.25), Limits(None, None), Limits(None, 0.05), 40, b""
)


def test_each_limit_is_said_and_what_has_none_is_left_out() -> None:
    """With how many frames it was learned from."""
    assert optics_lines(CHECK) == [
        "exposure at least 0.8 and at most 1.25", "sharpness at least 0.3", "shift at most 0.05",
        "learned from 40 good frames",
    ]  # fmt: skip


def test_a_camera_that_is_not_checked_says_nothing() -> None:
    """The page has its own words for that."""
    assert optics_lines(None) == []
