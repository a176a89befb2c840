"""What other limits would mean, as numbers and as the component takes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rollup import score_bin
from core.verdict import Threshold
from dashboard.thresholds.page_data import limits_data, proposal_of
from dashboard.thresholds.read_models import MOST_REVIEWS, BinCount, Confirmed
from dashboard.thresholds.what_if import changed_bands, tails

OLD = Threshold(2.0, 2.6)
bins = st.dictionaries(st.integers(-50, 300), st.integers(1, 1000), min_size=1).map(
    lambda found: [BinCount(number, found[number]) for number in sorted(found)]
)


@given(bins)
def test_the_tail_falls_from_all_parts_to_none(counts: list[BinCount]) -> None:
    """Score by score."""
    found = tails(counts)
    assert (found[0].share, found[-1].share) == (1.0, 0.0)
    assert [tail.score for tail in found] == sorted({tail.score for tail in found})
    assert [tail.share for tail in found] == sorted((tail.share for tail in found), reverse=True)


def test_a_tail_of_nothing_is_empty() -> None:
    """Then there is no share to speak of."""
    assert tails([]) == []


@pytest.mark.parametrize(
    ("new", "bands"),
    [
        (OLD, []),
        (Threshold(2.0, 3.0), [("no longer rejected", 2.6, 3.0)]),
        (Threshold(2.0, 2.2), [("rejected now", 2.2, 2.6)]),
        (Threshold(1.5, 2.6), [("reviewed now", 1.5, 2.0)]),
        (Threshold(2.5, 2.6), [("no longer reviewed", 2.0, 2.5)]),
        (Threshold(1.0, 1.5), [("rejected now", 1.5, 2.6), ("reviewed now", 1.0, 1.5)]),
        (Threshold(3.0, 3.0), [("no longer rejected", 2.6, 3.0), ("no longer reviewed", 2.0, 2.6)]),
    ],
)
def test_the_parts_that_would_be_treated_differently(new: Threshold, bands: list[tuple[str, float, float]]) -> None:
    """Each in one band, with what would become of it."""
    assert changed_bands(OLD, new) == bands


def test_the_component_gets_bars_tail_and_what_people_said() -> None:
    """With room above both limits."""
    counts = [BinCount(score_bin(1.0), 9), BinCount(score_bin(3.0), 1)]
    data = limits_data("t", OLD, Threshold(2.0, 5.0), counts, [Confirmed(2.9, is_defect=True)])
    assert [bar[2] for bar in data["bars"]] == [9, 1]
    assert data["tail"][1][1] == pytest.approx(0.1)
    assert (data["said"], data["most"]) == ([[2.9, True]], MOST_REVIEWS)
    assert data["range"][1] >= 7.5


@pytest.mark.parametrize(
    "state",
    [None, {}, {"token": "x", "review": 1, "reject": 2}, {"token": "t", "review": 3, "reject": 2}, {"token": "t"}],
)
def test_what_a_browser_says_of_other_limits_or_nonsense_is_left_out(state: object) -> None:
    """The limits at hand stand."""
    assert proposal_of(state, "t", OLD) == OLD


def test_what_was_dragged_is_taken() -> None:
    """For the limits that were shown."""
    assert proposal_of({"token": "t", "review": 1, "reject": 2.5}, "t", OLD) == Threshold(1, 2.5)
