"""Reasons to train tonight, and doubts."""

from dataclasses import replace

import pytest

from core.night_rule import NightRule, hours_of
from retrain.triggers import Material, asked_for, weighed

QUIET = Material("model 7", accepted=20, automatic=0, days=1.0, reviewed=100, disagreed=1)
RULE = NightRule()


def test_a_quiet_day_is_no_reason_and_says_what_would_be() -> None:
    """The number that is missing stands in the sentence."""
    found = weighed(QUIET, RULE)
    assert not found.is_worth_it
    assert found.doubts == ("20 newly accepted parts since model 7: 50 would be a reason",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"accepted": 150}, "150 newly accepted parts since model 7: 50 are enough"),
        ({"drift": ("line1-top drifts since Monday",)}, "line1-top drifts since Monday"),
        ({"disagreed": 25}, "people judged 25 of 100 reviewed parts otherwise than the line"),
        ({"days": 31.0}, "model 7 is 31 days old: 30 are the limit"),
    ],
)
def test_each_of_these_is_a_reason_by_itself(change: dict[str, object], said: str) -> None:
    """And says its numbers."""
    found = weighed(replace(QUIET, **change), RULE)  # type: ignore[arg-type]
    assert found.is_worth_it
    assert found.reasons == (said,)


def test_without_new_parts_no_reason_is_good_enough() -> None:
    """Neither age nor a person's wish: there is nothing to learn."""
    found = asked_for(weighed(replace(QUIET, accepted=3, days=90.0), RULE), "ada", "now, please")
    assert found.reasons[0] == "ada asked for it: now, please"
    assert not found.is_worth_it
    assert "at least 8 are needed" in found.doubts[0]


def test_who_asks_gets_a_training_on_a_quiet_day() -> None:
    """That is what asking is for."""
    assert asked_for(weighed(QUIET, RULE), "ada", "new lamp").is_worth_it


def test_unreviewed_parts_count_only_where_the_recipe_says_so() -> None:
    """By default nothing is accepted automatically."""
    many = replace(QUIET, accepted=0, automatic=80)
    assert not weighed(many, RULE).is_worth_it
    assert weighed(many, NightRule(accept_automatically=True)).is_worth_it


@pytest.mark.parametrize(
    ("text", "hours"), [("", range(24)), ("22-6", [22, 23, 0, 1, 2, 3, 4, 5]), ("1-3", [1, 2]), ("0-24", range(24))]
)
def test_hours_may_go_over_midnight(text: str, hours: list[int]) -> None:
    """The end is not among them."""
    assert hours_of(text) == frozenset(hours)


@pytest.mark.parametrize("text", ["22", "6-6", "25-3", "late-6", "-"])
def test_hours_nobody_can_read_are_refused(text: str) -> None:
    """With an example of what can be read."""
    with pytest.raises(ValueError, match="22-6"):
        hours_of(text)
