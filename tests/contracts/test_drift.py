"""How parts look by the hour, and what has drifted: the ledger's two forms."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.drift import DriftFound, DriftKind, LookCount
from core.inspection import Evidence
from core.verdict import Decision
from tests.contracts.ledgers import TODAY, Ledger, batch, frame, inspected

pytestmark = pytest.mark.server

HOUR = TODAY.replace(minute=0, second=0, microsecond=0)
LATER = TODAY + timedelta(hours=1)


def record(ledger: Ledger, sequence: int, at: datetime, decision: Decision = Decision.OK, kept: bool = True) -> None:
    made = inspected(frame(sequence, captured_at=at), decision)
    evidence = Evidence("memory:frame", f"memory:maps/{sequence}" if kept else "")
    ledger.record(batch(replace(made, evidence=evidence), first=sequence))


def kept(ledger: Ledger, most: int = 100, model: int = 1, until: datetime = LATER) -> Sequence[str]:
    return [one.maps_uri.rpartition("/")[2] for one in ledger.kept_looks("ballscrew", model, HOUR, until, most)]


def found(camera: str = "top", kind: DriftKind = DriftKind.LOOKS, lot: str = "lot 7") -> DriftFound:
    return DriftFound(camera, kind, HOUR, lot, f"{camera} looks different")


def test_good_parts_with_their_maps_kept_are_looked_at(ledger: Ledger) -> None:
    """Of this model and this time; what was rejected looks different for a reason of its own."""
    record(ledger, 0, TODAY)
    record(ledger, 1, TODAY, Decision.NG)
    record(ledger, 2, TODAY, kept=False)
    record(ledger, 3, LATER)
    record(ledger, 4, TODAY + timedelta(seconds=1))
    assert kept(ledger) == ["0", "4"]
    assert kept(ledger, model=2) == []
    (first, _) = ledger.kept_looks("ballscrew", 1, HOUR, LATER, 100)
    assert (first.captured_at, first.camera, first.lot) == (TODAY, "line1-top", "lot 7")


def test_of_many_some_are_drawn_of_each_hour_the_same_ones_every_time(ledger: Ledger) -> None:
    """So that an hour costs the same on a fast line, and two stations count the same."""
    for number in range(12):
        record(ledger, number, TODAY + timedelta(minutes=10 * number))
    drawn = kept(ledger, most=2, until=HOUR + timedelta(hours=3))
    assert len(drawn) == 6
    assert drawn == kept(ledger, most=2, until=HOUR + timedelta(hours=3))
    assert drawn != [str(number) for number in (0, 1, 3, 4, 9, 10)]


def test_an_hour_that_is_counted_again_is_counted_once(ledger: Ledger) -> None:
    """Per model, oldest first."""
    first, second = LookCount(HOUR, "top", "lot 7", 30, 8), LookCount(LATER, "top", "", 30, 20)
    ledger.keep_looks("ballscrew", 1, [second, replace(first, beyond=3)])
    ledger.keep_looks("ballscrew", 1, [first])
    ledger.keep_looks("ballscrew", 2, [])
    assert ledger.look_counts("ballscrew", 1) == [first, second]
    assert ledger.look_counts("ballscrew", 2) == ledger.look_counts("nut", 1) == []


def test_an_alarm_keeps_when_it_was_raised_and_follows_what_is_found(ledger: Ledger) -> None:
    """Per camera and kind."""
    ledger.tell_drift("ballscrew", 1, [found(), found(kind=DriftKind.SCORES)], TODAY)
    ledger.tell_drift("ballscrew", 1, [found(lot="lot 8"), found("side")], LATER)
    side, top = ledger.drift_alarms("ballscrew")
    assert (side.found, side.raised_at) == (found("side"), LATER)
    assert (top.found, top.raised_at, top.over_at) == (found(lot="lot 8"), TODAY, None)
    assert ledger.drift_alarms("nut") == []


def test_what_is_not_found_any_more_is_over_and_may_come_back(ledger: Ledger) -> None:
    """So is what was found of a model that judges no longer; another product's goes on."""
    ledger.tell_drift("nut", 3, [found()], TODAY)
    ledger.tell_drift("ballscrew", 1, [found()], TODAY)
    ledger.tell_drift("ballscrew", 2, [], LATER)
    assert ledger.drift_alarms("ballscrew") == []
    assert [alarm.product for alarm in ledger.drift_alarms("nut")] == ["nut"]
    ledger.tell_drift("ballscrew", 1, [found()], LATER + timedelta(hours=1))
    assert ledger.drift_alarms("ballscrew")[0].raised_at == LATER + timedelta(hours=1)
