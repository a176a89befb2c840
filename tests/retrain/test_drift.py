"""Drift: since when, from which lot, at which camera."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from core.retraining import SeenScore
from retrain.drift import drifted

MORNING = datetime(2026, 11, 24, 6, tzinfo=UTC)
DICE = np.random.default_rng(1)
REFERENCE = [float(score) for score in DICE.normal(1.0, 0.1, 40)]


def seen(scores: Sequence[float], camera: str = "top", first: int = 0) -> list[SeenScore]:
    """A part a minute, a lot an hour."""
    return [
        SeenScore(MORNING + timedelta(minutes=first + number), camera, f"{(first + number) // 60}", float(score))
        for number, score in enumerate(scores)
    ]


def test_scores_like_the_calibrations_are_no_drift() -> None:
    """Over ten thousand parts."""
    assert drifted(seen(DICE.normal(1.0, 0.1, 10_000)), REFERENCE) == []


@pytest.mark.parametrize(("mean", "direction"), [(1.2, "higher"), (0.8, "lower")])
def test_a_shift_is_told_with_its_beginning_lot_and_camera(mean: float, direction: str) -> None:
    """To a few parts; another camera that did not shift is not named."""
    scores = seen(DICE.normal(1.0, 0.1, 300)) + seen(DICE.normal(mean, 0.1, 100), first=300)
    (found,) = drifted([*scores, *seen(DICE.normal(1.0, 0.1, 400), "side")], REFERENCE)
    assert (found.camera, found.direction) == ("top", direction)
    assert abs(found.since.captured_at - (MORNING + timedelta(minutes=300))) < timedelta(minutes=20)
    assert f"top scores {direction} since 2026-11-24" in found.sentence()
    assert f"lot {found.since.lot}" in found.sentence()


def test_what_came_back_is_no_drift_any_more() -> None:
    """The sum falls to nothing again."""
    shifted = seen(DICE.normal(1.3, 0.1, 60)) + seen(DICE.normal(1.0, 0.1, 600), first=60)
    assert drifted(shifted, REFERENCE) == []


def test_a_few_defects_are_no_drift_and_few_references_say_nothing() -> None:
    """Nor does a machine that makes nothing."""
    scores = DICE.normal(1.0, 0.1, 500)
    scores[::20] = 9.0
    assert drifted(seen(scores), REFERENCE) == []
    assert drifted(seen([9.0] * 500), REFERENCE[:5]) == []
    assert drifted([], REFERENCE) == []


def test_a_drift_is_told_since_it_began_also_when_that_is_looked_at_no_more() -> None:
    """Only so many of the newest parts are looked at: on a fast line those of a minute. What began anew is told so."""
    shifted = seen(DICE.normal(1.3, 0.1, 400), first=300)
    (first,) = drifted(seen(DICE.normal(1.0, 0.1, 300)) + shifted[:100], REFERENCE)
    known = first.as_found()
    (later,) = (drift.after(known) for drift in drifted(shifted[200:], REFERENCE))
    assert (later.as_found().since, later.as_found().lot) == (known.since, known.lot)
    assert f"since {known.since:%Y-%m-%d %H:%M} UTC, lot {known.lot}: " in later.sentence()
    assert "of the newest " in later.sentence()
    assert later.after(later.as_found()) == later
    (anew,) = drifted(seen(DICE.normal(1.0, 0.1, 300), first=800) + shifted[:100], REFERENCE)
    assert anew.after(known) == anew
    lower = drifted(seen(DICE.normal(0.7, 0.1, 100), first=900), REFERENCE)
    assert [drift.after(known) for drift in lower] == lower
