"""What a station says of itself, as values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.health import Distribution, Pulse, counters, stuck


@given(st.lists(st.floats(0, 1000), max_size=50))
def test_a_distribution_counts_every_value_once_and_sums_them(values: list[float]) -> None:
    """Whatever they are."""
    found = Distribution()
    for value in values:
        found = found.with_value(value)
    assert sum(found.counts) == len(values)
    assert found.total == pytest.approx(sum(values))


def test_a_value_on_a_bound_falls_under_it_and_one_beyond_all_is_kept() -> None:
    """As Prometheus reads `le`."""
    found = Distribution((1.0, 2.0), (0, 0, 0)).with_value(1.0).with_value(1.5).with_value(9.0)
    assert found.counts == (1, 1, 1)


def test_bounds_that_do_not_grow_are_refused() -> None:
    """A histogram over them would say nothing."""
    with pytest.raises(ValueError, match="growing bounds"):
        Distribution((2.0, 1.0), (0, 0, 0))


def test_a_value_with_other_labels_than_its_metric_is_refused() -> None:
    """Both are in the message."""
    with pytest.raises(ValueError, match=r"\('camera',\), got \('a', 'b'\)"):
        counters("line_frames_total", "frames", {("a", "b"): 1}, "camera")


def test_a_name_that_prometheus_would_refuse_is_refused_here() -> None:
    """Where it is made, not where it is scraped."""
    with pytest.raises(ValueError, match="names of metrics"):
        counters("line frames", "frames", {}, "camera")


def test_a_loop_is_stuck_only_once_it_has_been_still_for_longer_than_allowed() -> None:
    """Counted from its last round, and from the start before the first."""
    now = [100.0]
    pulse = Pulse(lambda: now[0])
    assert not pulse.has_begun
    now[0] = 130.0
    assert stuck(pulse, 60) == []
    pulse.beat()
    now[0] = 195.0
    assert pulse.has_begun
    assert stuck(pulse, 60) == ["the loop has not gone round for 65 s, allowed are 60 s"]
