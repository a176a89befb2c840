"""What is counted together, and how finely scores are told apart."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.rollup import NO_BIN, NO_MODEL, Grain, bin_edge, rolled_up, score_bin
from core.verdict import Decision
from tests.contracts.ledgers import TODAY, failed, frame, inspected, refused


@given(st.floats(-1e6, 1e6))
def test_a_score_lies_between_the_edges_of_its_bin(score: float) -> None:
    """To the last few digits, at which the edges are rounded."""
    number = score_bin(score)
    slack = 1e-9 * max(1.0, abs(score))
    assert bin_edge(number) - slack <= score <= bin_edge(number + 1) + slack


@given(st.floats(0.05, 1e6))
def test_a_bin_is_two_percent_wide(score: float) -> None:
    """So that a limit read from counts is that exact."""
    number = score_bin(score)
    assert bin_edge(number + 1) / bin_edge(number) < 1.022


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_higher_score_never_has_a_lower_bin(one: float, other: float) -> None:
    """Whatever its sign."""
    assert (score_bin(one) <= score_bin(other)) or one > other


def test_each_result_counts_once_in_each_grain() -> None:
    """Under the span that its moment lies in."""
    counts = rolled_up([inspected(frame(0)), inspected(frame(1)), inspected(frame(2), Decision.NG)])
    assert sum(counts.values()) == 9
    assert {key.begins_at for key in counts if key.grain is Grain.MINUTE} == {TODAY.replace(second=0, microsecond=0)}
    assert {key.begins_at for key in counts if key.grain is Grain.DAY} == {
        TODAY.replace(hour=0, minute=0, second=0, microsecond=0)
    }
    assert list(counts) == sorted(counts)


def test_what_was_not_judged_has_neither_model_nor_score() -> None:
    """It counts as ERROR; a refused record belongs to nobody and is counted nowhere."""
    (key, *_) = counts = rolled_up([failed(frame(0)), refused(1)])
    assert (key.decision, key.model_version_id, key.score_bin) == (Decision.ERROR, NO_MODEL, NO_BIN)
    assert sum(counts.values()) == 3


def test_spans_begin_at_whole_ones() -> None:
    """In UTC."""
    assert Grain.HOUR.begin_of(TODAY) == TODAY.replace(minute=0, second=0, microsecond=0)
    assert Grain.MINUTE.begin_of(TODAY + timedelta(seconds=60)) == TODAY.replace(minute=31, second=0, microsecond=0)
