"""What held-out good images decide: split and threshold."""

from datetime import UTC, datetime, timedelta
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from model.calibration import Split, fit_threshold, parts_needed, split, split_at

SCORES = st.lists(st.floats(-100, 100), min_size=2, max_size=200)
BUDGETS = st.floats(0, 1)


@pytest.mark.parametrize(
    ("images", "held_out"), [(8, 2), (34, 11), (39, 13), (40, 16), (106, 16), (107, 17), (500, 75)]
)
def test_the_share_held_out_depends_on_how_many_there_are(images: int, held_out: int) -> None:
    """15 %, at least 16; below 40 images a third."""
    assert len(split(images, seed=1).calibration) == held_out


@given(st.integers(3, 300), st.integers(0, 2**31))
def test_every_image_is_in_exactly_one_part(images: int, seed: int) -> None:
    """Nothing is lost, nothing is learned from and held out."""
    parts = split(images, seed)
    assert sorted(parts.training + parts.calibration) == list(range(images))
    assert parts == split([object()] * images, seed)


def test_the_newest_images_are_held_out_where_capture_times_are_known() -> None:
    """Neighbours in time look alike: a random draw would hold out what was nearly learned."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    captured_at = [start - timedelta(minutes=number) for number in range(50)]
    assert split(50, seed=1, captured_at=captured_at).calibration == tuple(range(16))


def test_too_few_images_are_refused() -> None:
    """Two good images cannot be split into something to learn from and something to calibrate on."""
    with pytest.raises(ValueError, match="at least 3"):
        split(2, seed=1)


def test_one_in_five_hundred_needs_499_parts() -> None:
    """And 1 in 50 needs 49."""
    assert (parts_needed(1 / 500), parts_needed(1 / 50)) == (499, 49)


def test_with_enough_parts_the_limit_is_just_above_the_highest_score() -> None:
    """499 parts carry a budget of 1 in 500 without any margin, and nothing is said."""
    fitted = fit_threshold([float(score) for score in range(499)], 1 / 500, 1 / 50)
    assert fitted.threshold.reject_from == np.nextafter(498, inf)
    assert fitted.threshold.review_from == np.nextafter(489, inf)
    assert fitted.reasons == ()


def test_with_too_few_parts_the_number_needed_is_said() -> None:
    """The limit lies above every score seen."""
    fitted = fit_threshold([float(score) for score in range(12)], 1 / 500, 1 / 50)
    assert fitted.threshold.reject_from > fitted.threshold.review_from > 11
    assert fitted.reasons[0] == (
        "1 reject in 500 needs 499 calibration parts; there are 12: using the maximum plus a margin"
    )


@pytest.mark.parametrize("parts", [20, 100, 499, 1000])
@pytest.mark.parametrize("tail", ["normal", "exponential"])
def test_the_budget_is_kept_on_average(parts: int, tail: str) -> None:
    """Over 3000 calibrations, a new good part of the same kind is rejected no more often than agreed."""
    generator, budget = np.random.default_rng([parts, len(tail)]), 1 / 50
    draws = (generator.normal if tail == "normal" else generator.exponential)(size=(3000, parts))
    limits = np.array([fit_threshold(list(draw), budget, budget).threshold.reject_from for draw in draws])
    rejected = stats.norm.sf(limits) if tail == "normal" else stats.expon.sf(limits)
    assert rejected.mean() <= budget + 3 * rejected.std() / np.sqrt(len(draws))


@given(SCORES, BUDGETS, BUDGETS)
def test_a_smaller_budget_never_lowers_the_limit(scores: list[float], one: float, other: float) -> None:
    """Monotone across the border between the quantile and the margin."""
    low, high = sorted((one, other))
    strict, loose = (fit_threshold(scores, budget, 1.0).threshold.reject_from for budget in (low, high))
    assert strict >= loose


@given(SCORES, BUDGETS)
def test_no_more_calibration_parts_are_rejected_than_the_budget_allows(scores: list[float], budget: float) -> None:
    """The limit's promise on the parts it was fitted on; equal scores are on the same side."""
    limit = fit_threshold(scores, budget, budget).threshold.reject_from
    rejected = sum(score >= limit for score in scores)
    assert rejected <= budget * (len(scores) + 1) + 1e-6


@given(SCORES, st.floats(0.1, 10), st.floats(-50, 50))
def test_the_limit_moves_with_the_scores(scores: list[float], stretch: float, shift: float) -> None:
    """Another unit of the score changes no decision."""
    limit = fit_threshold(scores, 1 / 500, 1 / 50).threshold.reject_from
    moved = fit_threshold([score * stretch + shift for score in scores], 1 / 500, 1 / 50).threshold.reject_from
    assert moved == pytest.approx(limit * stretch + shift, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("scores", "budget"), [([1.0], 0.1), ([1.0, nan], 0.1), ([1.0, inf], 0.1), ([1.0, 2.0], -0.1), ([1.0, 2.0], 1.1)]
)
def test_what_cannot_be_fitted_is_refused(scores: list[float], budget: float) -> None:
    """One score has no spread; a budget is a share."""
    with pytest.raises(ValueError, match=r"finite scores|budget"):
        fit_threshold(scores, budget, 0.5)


def test_whoever_knows_the_times_says_which_calibrate() -> None:
    """The last ones; never fewer than two, never all."""
    assert split_at(10, 3) == Split(tuple(range(7)), (7, 8, 9))
    for wrong in (1, 10):
        with pytest.raises(ValueError, match="calibrate"):
            split_at(10, wrong)
