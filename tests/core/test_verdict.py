"""From a score to a decision."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.verdict import Decision, Threshold, Verdict, judge
from tests.core.strategies import scores, thresholds

SEVERITY = [Decision.OK, Decision.REVIEW, Decision.NG]


@given(scores, scores, thresholds())
def test_a_worse_score_never_gets_a_better_decision(one: float, other: float, threshold: Threshold) -> None:
    """judge is monotone."""
    better, worse = sorted((one, other))
    severities = [SEVERITY.index(judge(score, threshold).decision) for score in (better, worse)]
    assert severities == sorted(severities)


@given(scores, thresholds(), thresholds())
def test_a_stricter_threshold_never_gives_a_better_decision(score: float, one: Threshold, other: Threshold) -> None:
    """Lowering both numbers rejects no less."""
    strict = Threshold(min(one.review_from, other.review_from), min(one.reject_from, other.reject_from))
    assert SEVERITY.index(judge(score, strict).decision) >= SEVERITY.index(judge(score, one).decision)


@given(scores, thresholds())
def test_a_verdict_keeps_its_score(score: float, threshold: Threshold) -> None:
    """Nothing is rounded."""
    assert judge(score, threshold).score == score


@pytest.mark.parametrize(
    ("score", "decision"),
    [
        (0.0, "OK"),
        (math.nextafter(1, 0), "OK"),
        (1.0, "REVIEW"),
        (math.nextafter(2, 0), "REVIEW"),
        (2.0, "NG"),
        (9.0, "NG"),
    ],
)
def test_the_band_includes_its_lower_ends(score: float, decision: str) -> None:
    """OK < review_from <= REVIEW < reject_from <= NG."""
    assert judge(score, Threshold(1, 2)).decision == decision


def test_a_band_may_be_empty() -> None:
    """Then nobody is asked."""
    assert judge(1, Threshold(1, 1)).decision is Decision.NG


@pytest.mark.parametrize("bounds", [(2, 1), (math.nan, 1), (1, math.nan), (-math.inf, 1), (1, math.inf)])
def test_a_threshold_out_of_order_or_not_finite_cannot_be_built(bounds: tuple[float, float]) -> None:
    """Impossible values are caught where they arise."""
    with pytest.raises(ValueError, match=r"threshold|above"):
        Threshold(*bounds)


@given(thresholds(), st.sampled_from([math.nan, math.inf, -math.inf]))
def test_a_score_that_is_not_finite_is_no_verdict(threshold: Threshold, score: float) -> None:
    """A detector that says NaN has failed; its part is rejected, not passed."""
    with pytest.raises(ValueError, match="not a verdict"):
        judge(score, threshold)


def test_an_error_is_not_a_verdict() -> None:
    """What could not be judged is a Failure."""
    with pytest.raises(ValueError, match="not a verdict"):
        Verdict(Decision.ERROR, 0.5)
