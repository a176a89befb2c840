"""Bands, rates, alarms and since when: numbers and words from counts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.review import Judgement
from core.rollup import NO_BIN, score_bin
from core.verdict import Decision, Threshold
from dashboard.story.filters import Linked, linked
from dashboard.theme import DARK, LIGHT
from dashboard.trends.alarm import change_point, moving_average
from dashboard.trends.bands import StepTrend, limits_held, limits_that_judged, quantiles, trends
from dashboard.trends.chart_rows import MARK_ROWS, MOST_LOTS, Mark, TrendView, rows_of, trend_spec
from dashboard.trends.charts import TICKS, trend_chart
from dashboard.trends.read_models import Confirmation, LimitsSet, LotSeen, Occurrences, Promoted, StepCount
from dashboard.trends.story import alarms, since_change, since_when, since_words, suspect
from tests.contracts.ledgers import TODAY
from tests.dashboard.test_review_bookings import part_with

HOUR = timedelta(hours=1)
SCORES = st.lists(st.floats(0.05, 50), min_size=20, max_size=300)


@given(SCORES)
def test_quantiles_from_counts_are_those_of_the_scores_to_a_bin(scores: list[float]) -> None:
    """As exact as the bins are."""
    bins: dict[int, int] = {}
    for score in scores:
        bins[score_bin(score)] = bins.get(score_bin(score), 0) + 1
    found = quantiles(bins)
    exact = np.quantile(scores, (0.05, 0.25, 0.5, 0.75, 0.95), method="inverted_cdf")
    assert found == tuple(sorted(found))
    assert np.allclose(found, exact, rtol=0.03)


def test_a_step_knows_its_rates_and_only_judged_parts_have_quantiles() -> None:
    """Per thousand of all its parts."""
    counts = [StepCount(TODAY, Decision.OK, score_bin(1.0), 97), StepCount(TODAY, Decision.ERROR, NO_BIN, 3)]
    (step,) = trends(counts)
    assert step.rate(Decision.ERROR) == 30
    assert step.quantiles[2] == pytest.approx(1.0, rel=0.03)
    (dark,) = trends(counts[1:])
    assert dark.quantiles == ()


def test_a_rate_that_rises_is_found_where_it_rose() -> None:
    """With both shares."""
    change = change_point([1] * 20 + [9] * 5, [100] * 25)
    assert change is not None
    assert (change.place, change.rose) == (20, True)
    assert (change.before, change.after) == (0.01, 0.09)


@given(st.integers(0, 2**31))
def test_a_line_that_does_not_change_is_left_alone(seed: int) -> None:
    """Ninety days of chance are no change."""
    hits = np.random.default_rng(seed).binomial(1000, 0.01, 90)
    assert change_point([int(hit) for hit in hits], [1000] * 90) is None


def test_a_sure_but_tiny_change_is_not_told() -> None:
    """With a million parts each difference is sure."""
    assert change_point([100_000] * 5 + [105_000] * 5, [1_000_000] * 10) is None


def test_steps_without_parts_move_nothing() -> None:
    """Neither the average nor the alarm."""
    assert moving_average([5, 0, 5], [100, 0, 100]) == [0.05, 0.05, 0.05]
    assert change_point([0, 0, 0], [0, 0, 0]) is None
    assert moving_average([0], [0]) == [0.0]


def test_alarms_name_rejects_and_scores_that_moved() -> None:
    """Each with since when."""
    early = [StepCount(TODAY + place * HOUR, Decision.OK, score_bin(1.0), 200) for place in range(10)]
    late = [StepCount(TODAY + place * HOUR, Decision.NG, score_bin(3.0), 60) for place in range(10, 14)]
    good = [StepCount(TODAY + place * HOUR, Decision.OK, score_bin(1.5), 140) for place in range(10, 14)]
    counts = sorted([*early, *late, *good], key=lambda count: count.begins_at)
    found = alarms(trends(counts), counts)
    assert [alarm.what for alarm in found] == ["rejects", "scores above the usual"]
    assert {alarm.since for alarm in found} == {TODAY + 10 * HOUR}


def test_limits_change_with_the_model_and_with_a_row() -> None:
    """What held before the first promotion is nothing."""
    promoted = [Promoted(1, TODAY, "a", ""), Promoted(2, TODAY + 4 * HOUR, "a", "")]
    limits = [
        LimitsSet(1, Threshold(1, 2), TODAY - HOUR, "a", ""),
        LimitsSet(2, Threshold(3, 4), TODAY - HOUR, "a", ""),
        LimitsSet(1, Threshold(1, 3), TODAY + 2 * HOUR, "a", ""),
    ]
    held = limits_held(promoted, limits, TODAY - 2 * HOUR, TODAY + 6 * HOUR)
    assert [(each.begins_at - TODAY, each.limits) for each in held] == [
        (0 * HOUR, Threshold(1, 2)),
        (2 * HOUR, Threshold(1, 3)),
        (4 * HOUR, Threshold(3, 4)),
    ]
    assert held[-1].ends_at == TODAY + 6 * HOUR


def test_only_limits_of_the_model_that_judged_are_a_change() -> None:
    """A candidate is registered with limits of its own, which change nothing until it is promoted."""
    promoted = [Promoted(1, TODAY, "a", ""), Promoted(2, TODAY + 4 * HOUR, "a", "")]
    limits = [
        LimitsSet(model, Threshold(1, 2), TODAY + hours * HOUR, "a", "")
        for model, hours in ((1, -1), (2, 1), (1, 2), (1, 5), (2, 6))
    ]
    assert limits_that_judged(promoted, limits) == [limits[2], limits[4]]


def said(hours: int, lot: str, camera: str = "cam", judgement: Judgement = Judgement.DEFECT) -> Confirmation:
    return Confirmation(TODAY + hours * HOUR, camera, lot, 7, "OK", judgement, "scratch")


def scratches(first: int, last: int, name: str, parts: int) -> Occurrences:
    return Occurrences("scratch", name, "cam", 7, TODAY + first * HOUR, TODAY + last * HOUR, parts)


def lot(name: str, camera: str = "cam", went_out: int = 90) -> LotSeen:
    return LotSeen(name, camera, 7, TODAY, TODAY + 9 * HOUR, 100, went_out)


def test_since_when_counts_what_went_out_of_the_affected_lots_and_cameras() -> None:
    """Not of others."""
    lots = [lot("A"), lot("B", went_out=80), lot("B", "side"), lot("C")]
    found = since_when([scratches(1, 2, "A", 2), scratches(3, 3, "B", 1)], lots)
    assert found is not None
    assert (found.first_at, found.last_at, found.known) == (TODAY + HOUR, TODAY + 3 * HOUR, 3)
    assert (found.lots, found.cameras, found.models) == (("A", "B"), ("cam",), (7,))
    assert (found.inspected, found.went_out) == (200, 170)
    assert since_when([], lots) is None


def test_of_a_part_s_views_the_one_that_speaks_against_it_is_looked_at() -> None:
    """Whichever camera was the last."""
    views = [replace(part_with(3.0), decision=decision) for decision in (Decision.OK, Decision.ERROR, Decision.NG)]
    assert suspect(views) == views[2]
    assert suspect(views[:2]) == views[1]


def test_of_parts_without_a_lot_it_is_not_told_that_none_went_out() -> None:
    """They are counted nowhere: nobody knows how many they were."""
    found = since_when([scratches(1, 2, "", 2)], [lot("A")])
    assert found is not None
    assert since_words(found)["of them went out"] == since_words(found)["parts of these lots"] == "not known"
    known = since_when([scratches(1, 2, "A", 2)], [lot("A")])
    assert known is not None
    assert since_words(known)["of them went out"] == "90"


def test_a_change_on_a_camera_affects_all_its_lots_since_then() -> None:
    """Those that ended before are left out."""
    found = since_change(TODAY + 9 * HOUR, [lot("A"), lot("B", "side")], "cam", 5, TODAY)
    assert (found.lots, found.went_out, found.known) == (("A",), 90, 5)
    assert since_change(TODAY + 10 * HOUR, [lot("A")], "cam", 5, TODAY).lots == ()


def test_only_what_contradicts_the_line_is_a_mistake() -> None:
    """A good part it rejected, a defect it let pass."""
    assert said(0, "A").is_miss
    assert not said(0, "A").is_false_reject
    assert not said(0, "A", judgement=Judgement.GOOD).is_false_reject
    rejected = Confirmation(TODAY, "cam", "A", 7, "NG", Judgement.GOOD, "")
    assert rejected.is_false_reject


@pytest.mark.parametrize("colours", [LIGHT, DARK])
@pytest.mark.parametrize("name_lots", [True, False])
def test_the_drawing_is_valid_and_has_four_rows(colours: dict[str, str], name_lots: bool) -> None:
    """Nothing that the drawing's own schema refuses: pages are given it unchecked."""
    assert len(trend_chart(colours, name_lots).to_dict(validate=True)["vconcat"]) == 4


@pytest.mark.parametrize("dark", [True, False])
def test_every_name_of_rows_is_replaced_by_its_rows(dark: bool) -> None:
    """With much and with little: a name that stayed would be an empty drawing."""
    counts = [StepCount(TODAY, Decision.OK, score_bin(1.0), 5), StepCount(TODAY + HOUR, Decision.ERROR, NO_BIN, 1)]
    for steps in (trends(counts), []):
        view = trend_view(steps, [Mark(TODAY, "model 2", is_lot=False), Mark(TODAY, "L-1", is_lot=True)])
        drawn = list(named_and_valued(trend_spec(view, dark)))
        assert [each for each in drawn if "name" in each] == []
        assert [each["values"] for each in drawn if each["values"] not in rows_of(view).values()] == []
        assert str([moment.isoformat() for moment in view.domain]) in str(trend_spec(view, dark))


def test_lots_that_would_be_a_grey_area_are_left_out() -> None:
    """Sixty lines can still be told apart."""
    marks = [Mark(TODAY + number * HOUR, f"L-{number}", is_lot=True) for number in range(MOST_LOTS + 1)]
    assert rows_of(trend_view([], marks))["lots"] == []
    assert len(rows_of(trend_view([], marks[1:]))["lots"]) == MOST_LOTS


def test_words_of_changes_that_lie_close_together_stand_in_rows() -> None:
    """And at the right end left of their lines: there is no room behind them."""
    minutes = [timedelta(minutes=each) for each in (0, 1, 2, 118, 119)]
    marks = [Mark(TODAY + each, "rejects rose", is_lot=False) for each in minutes]
    changes = rows_of(trend_view([], marks))["changes"]
    assert [each["row"] for each in changes] == [0, 1, 2, 0, 1]
    assert [each["late"] for each in changes] == [False, False, False, True, True]
    many = rows_of(trend_view([], marks[:1] * (MARK_ROWS + 3)))["changes"]
    assert max(each["row"] for each in many) == MARK_ROWS - 1


@pytest.mark.parametrize("row", [2, 3])
def test_the_time_is_told_under_the_brush_and_under_what_it_chose(row: int) -> None:
    """With few enough words that none is left out, for those left out were the dates."""
    drawing = trend_chart(LIGHT, name_lots=True).to_dict(validate=False)["vconcat"][row]
    axis = (drawing["layer"][0] if "layer" in drawing else drawing)["encoding"]["x"]["axis"]
    assert axis["tickCount"] == TICKS
    assert axis.get("labels", True)
    assert "labelOverlap" not in axis


def trend_view(steps: Sequence[StepTrend], marks: Sequence[Mark]) -> TrendView:
    return TrendView(steps, HOUR, [], marks, [said(1, "A")], (TODAY, TODAY + 2 * HOUR))


def named_and_valued(node: Any) -> Iterator[dict[str, Any]]:
    """Every place in the drawing that takes rows."""
    if isinstance(node, dict):
        yield from (each for name, each in node.items() if name == "data")
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from named_and_valued(each)


def test_a_step_s_link_is_understood_by_the_page_it_leads_to() -> None:
    """Its stretch of time, product, camera and decision, to the microsecond."""
    steps = trends([StepCount(TODAY, Decision.NG, score_bin(3.0), 1)])
    view = TrendView(steps, HOUR, [], [], [], (TODAY, TODAY + HOUR), "gear", "line1-top")
    address = view.link(steps[0], Decision.NG)
    query = dict(parse_qsl(address.removeprefix("defects?")))
    assert linked(query, ["gear"], ["line1-top"]) == Linked(TODAY, TODAY + HOUR, "gear", "line1-top", ("NG",))
    assert linked(query, ["nut"], ["line1-top"]) is None
    assert linked(query | {"since": "yesterday"}, ["gear"], ["line1-top"]) is None
    assert linked(query | {"decision": "NG,MAYBE"}, ["gear"], ["line1-top"]) is None
    assert linked({}, ["gear"], ["line1-top"]) is None


def test_every_step_of_the_drawing_is_a_link() -> None:
    """Columns and points, in scores and rates."""
    steps = trends([StepCount(TODAY, Decision.OK, score_bin(1.0), 9), StepCount(TODAY, Decision.NG, score_bin(3.0), 1)])
    view = TrendView(steps, HOUR, [], [], [], (TODAY, TODAY + HOUR), "gear")
    drawn = str(trend_spec(view, dark=False))
    for decisions in ((), tuple(Decision), (Decision.NG,), (Decision.ERROR,)):
        assert view.link(steps[0], *decisions) in drawn
