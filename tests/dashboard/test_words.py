"""What the pages say."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.verdict import Decision, Threshold
from dashboard.charts import SHAPES, decision_mark, history_strip, score_gauge
from dashboard.map_scale import map_scale
from dashboard.theme import DARK, LIGHT, contrast
from dashboard.words import clock_words, count_words, latency_words, moment_words, score_words, span_words

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SCORES = st.floats(-1e6, 1e6)
LIMITS = st.tuples(SCORES, SCORES).map(lambda pair: Threshold(min(pair), max(pair)))


@pytest.mark.parametrize(
    ("score", "words"), [(1.37, "1.37 \u00d7 limit"), (0.0, "0.00 \u00d7 limit"), (23.44, "23.4 \u00d7 limit")]
)
def test_a_score_is_said_in_limits(score: float, words: str) -> None:
    assert score_words(score, Threshold(0.5, 1.0)) == words


def test_a_limit_that_is_not_positive_leaves_the_raw_score() -> None:
    """A ratio to zero or less would turn good into bad."""
    assert score_words(0.5, Threshold(-2, -1)) == "score 0.5"


@pytest.mark.parametrize(
    ("seconds", "words"), [(-3, "0 s"), (14, "14 s"), (61, "1 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_a_span_is_said_in_one_unit(seconds: float, words: str) -> None:
    assert span_words(seconds) == words


def test_moments_are_relative_within_the_hour_and_else_in_the_viewer_s_zone() -> None:
    assert moment_words(NOW - timedelta(minutes=4), NOW, "Europe/Berlin") == "4 min ago"
    assert moment_words(NOW - timedelta(hours=2), NOW, "Europe/Berlin") == "2026-11-24 11:00:00 CET"
    assert clock_words(NOW, "not/a zone") == "2026-11-24 12:00:00 UTC"


def test_counts_are_grouped_and_latencies_have_their_unit() -> None:
    assert count_words(1234567) == "1\u2009234\u2009567"
    assert latency_words(timedelta(milliseconds=140)) == "140 ms"


def test_every_decision_has_a_shape_and_a_word_of_its_own() -> None:
    """Never colour alone."""
    assert len({SHAPES[decision] for decision in Decision}) == len(Decision)
    assert all(decision.value in decision_mark(decision) for decision in Decision)


@given(st.lists(st.sampled_from(list(Decision)), max_size=40))
def test_the_history_shows_at_most_twenty_newest_on_the_right(decisions: list[Decision]) -> None:
    strip = history_strip(decisions)
    assert strip.count("<g class=") == min(20, len(decisions))
    assert strip.count('class="free"') == 20 - min(20, len(decisions))


@given(SCORES, LIMITS)
def test_a_gauge_can_be_drawn_for_any_numbers(score: float, limits: Threshold) -> None:
    drawn = score_gauge(score, limits)
    assert "nan" not in drawn.split("aria-label")[0]
    assert (drawn == "") == (limits.reject_from <= 0)


@given(LIMITS)
def test_a_map_s_colours_grow_from_clear_over_the_contour_to_full(limits: Threshold) -> None:
    scale = map_scale(limits)
    assert scale.clear_to < scale.full_from
    assert scale.clear_to <= scale.contour_at <= scale.full_from
    assert scale.contour_at == limits.reject_from


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("name", ["greenColor", "orangeColor", "redColor", "violetColor", "grayColor", "textColor"])
def test_every_colour_can_be_read_on_its_ground(theme: dict[str, str], name: str) -> None:
    assert contrast(theme[name], theme["backgroundColor"]) >= 4.5
