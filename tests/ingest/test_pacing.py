"""The line's rhythm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.pacing import Pace, following_tick
from tests.ingest.twins import HandClock

SECONDS = st.floats(0, 1000, allow_nan=False)


@given(due=SECONDS, period=st.floats(0.001, 10), late=st.floats(-0.5, 500))
def test_the_next_tick_lies_ahead_and_on_the_same_grid(due: float, period: float, late: float) -> None:
    """No drift, no burst; a part that passed is counted, not caught up with."""
    following, skipped = following_tick(due, period, due + late)
    assert following > due + late or following == pytest.approx(due + late)
    assert following == pytest.approx(due + (skipped + 1) * period)
    assert skipped == 0 or skipped * period <= late * (1 + 1e-9)


def test_a_camera_that_is_a_little_late_does_not_drift() -> None:
    """Three pictures of 0.4 s at one per second: the fourth is due at 3 s."""
    clock = HandClock()
    pace = Pace(1.0, clock)
    for _ in range(3):
        clock.rest(pace.remaining_s())
        clock.rest(0.4)
        assert pace.advance() == 0
    assert clock() + pace.remaining_s() == pytest.approx(3.0)


def test_the_first_picture_is_due_at_once() -> None:
    """Nobody waits for a period that has not begun."""
    assert Pace(0.1, HandClock(5.0)).remaining_s() == 0


def test_a_stall_skips_the_parts_that_passed() -> None:
    """3.5 s at two per second: the pictures due at 0.5 to 3.5 s were never taken."""
    clock = HandClock()
    pace = Pace(2.0, clock)
    clock.rest(3.6)
    assert pace.advance() == 7
    assert clock() + pace.remaining_s() == pytest.approx(4.0)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    """The message says what a rate is."""
    with pytest.raises(ValueError, match="positive number of frames per second"):
        Pace(rate, HandClock())
