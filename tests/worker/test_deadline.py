"""A verdict that comes too late is ERROR, whatever it would have been."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LedgerUnavailable
from core.inspection import Inspection, Late
from core.product import Recipe
from core.verdict import Decision, ErrorReason
from tests.worker.in_memory_line import NOON, THRESHOLD, Line, frame, png
from tests.worker.test_order_of_effects import Cable
from worker.deadline import is_late


def line_with(deadline_s: float, waited_s: float = 0.0, grey: int = 40) -> Line:
    """One frame that has been on the bus for so long."""
    line = Line()
    line.promote(recipe=Recipe(deadline_s=deadline_s))
    line.publish(frame(1, content=png(grey)))
    line.clock.seconds += waited_s
    return line


def test_a_frame_that_waited_on_the_bus_beyond_its_deadline_is_an_error_that_keeps_its_map() -> None:
    """Its picture too, though it was a good part; the row says what the verdict would have been."""
    line = line_with(deadline_s=0.5, waited_s=2.0)
    line.work()
    (result,) = line.ledger.results.values()
    assert isinstance(result, Late)
    assert (result.decision, result.reason) == (Decision.ERROR, ErrorReason.LATE)
    assert result.map.png.startswith(b"\x89PNG")
    assert result.threshold == THRESHOLD
    assert line.artifacts.get(result.evidence.frame_uri) == png(40)
    assert "allowed are 0.5 s; it would have been OK with score 0.15" in result.detail
    assert line.counts.by_reason == {"late": 1}


def test_a_verdict_in_time_is_a_verdict() -> None:
    """The same frame with more time."""
    line = line_with(deadline_s=5.0, waited_s=2.0)
    line.work()
    (result,) = line.ledger.results.values()
    assert isinstance(result, Inspection)


def test_without_a_deadline_no_verdict_is_late() -> None:
    """That is the default."""
    line = line_with(Recipe().deadline_s, waited_s=86400.0)
    line.work()
    (result,) = line.ledger.results.values()
    assert isinstance(result, Inspection)


def test_the_camera_s_clock_does_not_matter() -> None:
    """It may be an hour slow: the bus says when the frame came."""
    line = Line()
    line.promote(recipe=Recipe(deadline_s=0.5))
    line.publish(frame(1, captured_at=NOON - timedelta(hours=1)))
    line.work()
    (result,) = line.ledger.results.values()
    assert isinstance(result, Inspection)


def test_a_verdict_that_waited_for_postgres_beyond_its_deadline_is_late() -> None:
    """It was made in time and can no longer be told in time; the live board shows it as it was recorded."""
    line = line_with(deadline_s=0.2)
    line.work(line.bench(ledger=Cable(line.ledger, fail={"record": [LedgerUnavailable("away")] * 4})))
    (result,) = line.ledger.results.values()
    assert isinstance(result, Late)
    (tile,) = line.board.tiles()
    assert (tile.decision, tile.reason) == (Decision.ERROR, "late")


def test_each_product_has_its_own_deadline() -> None:
    """In one batch."""
    line = line_with(deadline_s=0.5)
    line.promote("bolt")
    line.publish(frame(2, product="bolt"))
    line.clock.seconds += 2.0
    line.work()
    assert {key[2]: type(result) for key, result in line.ledger.results.items()} == {1: Late, 2: Inspection}


def test_a_frame_that_could_not_be_judged_keeps_its_own_reason() -> None:
    """Late or not."""
    line = Line()
    line.promote(recipe=Recipe(deadline_s=0.5))
    line.publish(frame(1, content=b"hello"))
    line.clock.seconds += 2.0
    line.work()
    (result,) = line.ledger.results.values()
    assert result.reason is ErrorReason.UNDECODABLE  # type: ignore[union-attr]


@given(st.floats(0.001, 1000), st.floats(0, 2000))
def test_late_is_later_than_the_deadline_and_nothing_else(deadline_s: float, took_s: float) -> None:
    """To the microsecond that a moment has."""
    took = timedelta(seconds=took_s)
    assert is_late(NOON, deadline_s, NOON + took) == (took.total_seconds() > deadline_s)


@pytest.mark.parametrize("deadline_s", [-1.0, float("nan"), float("inf")])
def test_a_deadline_that_is_none_is_refused(deadline_s: float) -> None:
    """The message says what is wanted."""
    with pytest.raises(ValueError, match="deadline_s must be a number of seconds"):
        Recipe(deadline_s=deadline_s)
