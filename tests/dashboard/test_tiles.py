"""From a snapshot of the line to tiles, whichever server is away."""

from datetime import UTC, datetime, timedelta
from math import nan

import pytest

from core.errors import BoardUnavailable, LedgerUnavailable
from core.inspection import Tile
from core.verdict import Decision, Threshold
from dashboard.live_snapshot import LedgerView, LiveSnapshot, take_snapshot
from dashboard.map_scale import map_scale
from dashboard.read_models import CameraCounts, CameraRow, ErrorStory, Judgement, Part, PartKey
from dashboard.tiles import few_words, wall_data

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LIMITS = Threshold(2.0, 4.0)


def a_tile(**changes: object) -> Tile:
    values: dict[str, object] = {
        "camera": "top", "product": "gear", "part_id": "P1", "captured_at": NOW, "decision": Decision.NG, "reason": "",
        "score": 5.0, "review_from": 2.0, "reject_from": 4.0, "map_low": 0.0, "map_high": 5.0, "thumbnail": b"jpeg",
        "map_png": b"png",
    }  # fmt: skip
    return Tile(**(values | changes))  # type: ignore[arg-type]


def a_part(seconds_ago: float = 0, decision: Decision = Decision.OK) -> Part:
    moment = NOW - timedelta(seconds=seconds_ago)
    outcome = Judgement(1.0, LIMITS, 1, "engine") if decision is not Decision.ERROR else ErrorStory("dropped", "")
    return Part(PartKey(moment, "top", "0123456789ab", 1), "gear", "P1", "L1", decision, outcome, moment, moment, "")


def a_row(*recent: Part) -> CameraRow:
    return CameraRow("top", "gear", CameraCounts(10, 9, 1), recent)


def the_tile(tile: Tile | None, row: CameraRow | None, now: datetime = NOW) -> dict[str, object]:
    snapshot = LiveSnapshot(NOW, {tile.camera: tile} if tile else {}, LedgerView((row,) if row else ()))
    (told,) = wall_data(snapshot, now, 10.0, False)["tiles"]
    return dict(told)


def test_a_tile_says_decision_score_and_counts() -> None:
    told = the_tile(a_tile(), a_row(a_part(3)))
    assert (told["word"], told["kind"], told["score"]) == ("NG", "ng", "1.25 \u00d7 limit")
    assert told["counts"] == "captured 10 \u00b7 judged 9 \u00b7 waiting 1 \u00b7 dropped 1"
    assert told["stale"] == ""


def test_an_emptied_board_leaves_the_decision_from_the_ledger() -> None:
    told = the_tile(None, a_row(a_part(3, Decision.ERROR)))
    assert (told["word"], told["reason"], told["age"]) == ("ERROR", "dropped", "3 s ago")


def test_a_ledger_newer_than_the_board_wins() -> None:
    told = the_tile(a_tile(captured_at=NOW - timedelta(seconds=5)), a_row(a_part(1)))
    assert told["word"] == "OK"


def test_a_tile_without_a_judgement_has_no_score() -> None:
    told = the_tile(a_tile(decision=Decision.ERROR, score=nan, review_from=nan, reject_from=nan, reason="clock"), None)
    assert (told["score"], told["gauge"], told["reason"]) == ("", "", "clock")


def test_a_camera_without_frames_grows_stale() -> None:
    assert the_tile(a_tile(), None, NOW + timedelta(seconds=14))["stale"] == "no frame for 14 s"


def test_a_camera_that_only_reported_waits_for_its_first_verdict() -> None:
    assert the_tile(None, a_row())["stale"] == "waiting for its first verdict"


def nothing() -> LedgerView:
    raise LedgerUnavailable


def no_board() -> list[Tile]:
    raise BoardUnavailable


def test_what_is_away_keeps_its_last_answer_and_says_since_when() -> None:
    good = take_snapshot(lambda: [a_tile()], lambda: LedgerView((a_row(),)), LiveSnapshot(NOW, {}, LedgerView()), NOW)
    bad = take_snapshot(no_board, nothing, good, NOW + timedelta(seconds=2))
    worse = take_snapshot(no_board, nothing, bad, NOW + timedelta(seconds=9))
    assert (worse.tiles, worse.ledger) == (good.tiles, good.ledger)
    assert [trouble.since for trouble in worse.troubles] == [NOW]
    board_only = take_snapshot(no_board, lambda: good.ledger, good, NOW + timedelta(seconds=2))
    assert [trouble.what for trouble in board_only.troubles] == ["The live board does not answer."]
    healed = take_snapshot(lambda: [a_tile()], lambda: LedgerView((a_row(),)), worse, NOW + timedelta(seconds=11))
    assert healed.troubles == ()


@pytest.mark.parametrize("moment", [NOW - timedelta(hours=1), NOW + timedelta(hours=1)])
def test_a_camera_s_wrong_clock_never_breaks_the_page(moment: datetime) -> None:
    assert the_tile(a_tile(captured_at=moment), None)["word"] == "NG"


def test_a_narrow_tile_tells_of_dropped_frames_only_where_there_are_some() -> None:
    """A line that lost nothing needs no nought on each of sixteen tiles."""
    assert few_words(CameraCounts(10, 9, 0)) == "waiting 1"
    assert few_words(CameraCounts(10, 9, 2)) == "waiting 1 \u00b7 dropped 2"


def test_a_map_that_would_stay_clear_all_over_is_not_sent() -> None:
    """Of most good parts, that is; what is faint but to be seen is."""
    clear_to = map_scale(LIMITS).clear_to
    assert the_tile(a_tile(map_high=clear_to), None)["picture"]["map"] == ""
    assert the_tile(a_tile(map_high=1.01 * clear_to), None)["picture"]["map"] != ""
