"""Clocks that jump by an hour: every frame is judged once, in order, and none is OK by accident."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.inspection import Inspection, Late
from core.product import Recipe
from core.verdict import ErrorReason
from tests.worker.in_memory_line import NOON, Line, frame
from worker.deadline import is_late
from worker.forward_clock import SLACK, ForwardClock

HOUR = timedelta(hours=1)


class Machine:
    """A wall clock that can be set, and the other one, which cannot."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.offset = timedelta(0)

    def wall(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds) + self.offset

    def monotonic(self) -> float:
        return self.seconds


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
def test_a_camera_whose_clock_jumps_loses_and_repeats_nothing(jump: timedelta) -> None:
    """Frames are told apart by their number; their times are filed as the camera said them."""
    line = Line()
    line.promote()
    moments = [NOON + timedelta(seconds=number) + (jump if number >= 5 else timedelta(0)) for number in range(10)]
    line.publish(*(frame(number, captured_at=moment) for number, moment in enumerate(moments)))
    line.work()
    results = list(line.ledger.results.values())
    assert [result.frame.id.sequence for result in results] == list(range(10))
    assert all(isinstance(result, Inspection) for result in results)
    assert [result.frame.captured_at for result in results] == moments
    (run,) = line.ledger.run_counts()
    assert (run.judged, run.seen_until) == (10, 10)


@pytest.mark.parametrize(("jump", "says"), [(HOUR, "came 36"), (-HOUR, "clock is 36")], ids=["forward", "back"])
def test_a_worker_whose_clock_jumps_calls_nothing_in_time(jump: timedelta, says: str) -> None:
    """With a deadline, frames are ERROR as long as the clocks of bus and worker disagree."""
    line = Line()
    line.promote(recipe=Recipe(deadline_s=5.0))
    line.publish(frame(1))
    line.clock.seconds += jump.total_seconds()
    line.work()
    (result,) = line.ledger.results.values()
    assert isinstance(result, Late)
    assert result.reason is ErrorReason.LATE
    assert says in result.detail


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
def test_without_a_deadline_the_workers_clock_decides_nothing(jump: timedelta) -> None:
    """The same verdict, at whatever time."""
    line = Line()
    line.promote()
    line.publish(frame(1))
    line.clock.seconds += jump.total_seconds()
    line.work()
    assert all(isinstance(result, Inspection) for result in line.ledger.results.values())
    assert len(line.ledger.results) == 1


def test_a_clock_that_is_set_back_goes_on_from_where_it_was() -> None:
    """A frame that has waited an hour stays an hour late, though the machine's clock says that it just came."""
    machine = Machine()
    clock = ForwardClock(machine.wall, machine.monotonic)
    machine.seconds += 3600
    assert clock() == NOON + HOUR
    machine.offset = -HOUR
    machine.seconds += 1
    assert clock() == NOON + HOUR + timedelta(seconds=1)
    assert clock.behind_s == pytest.approx(3600)
    assert is_late(NOON, 5.0, clock())
    assert not is_late(NOON, 5.0, machine.wall())


def test_a_clock_that_has_caught_up_counts_again() -> None:
    """And one that is set forward is believed at once."""
    machine = Machine()
    clock = ForwardClock(machine.wall, machine.monotonic)
    machine.offset = -HOUR
    clock()
    machine.offset = timedelta(0)
    assert clock() == machine.wall()
    assert clock.behind_s == 0
    machine.offset = HOUR
    assert clock() == machine.wall() == NOON + HOUR


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-7200, 7200))))
def test_it_never_goes_back_by_more_than_a_time_servers_steps(moves: list[tuple[float, float]]) -> None:
    """Whatever is done to the machine's clock."""
    machine = Machine()
    clock = ForwardClock(machine.wall, machine.monotonic)
    before = clock()
    for passed, jump in moves:
        machine.seconds += passed
        machine.offset += timedelta(seconds=jump)
        now = clock()
        assert now >= before - SLACK
        before = now


@given(st.floats(-7200, 7200), st.floats(0.1, 60))
def test_in_time_means_between_arrival_and_deadline(age_s: float, deadline_s: float) -> None:
    """A future arrival is no reason to believe that nothing was late."""
    late = is_late(NOON, deadline_s, NOON + timedelta(seconds=age_s))
    if age_s < -2.001 or age_s > deadline_s + 0.001:
        assert late
    if -1.999 < age_s < deadline_s - 0.001:
        assert not late
