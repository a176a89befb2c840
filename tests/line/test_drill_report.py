"""The drill's own arithmetic: a drill that cannot see a loss proves nothing."""

import json

from line.crash_drill import Scenario
from line.drill_report import Attempts, StoredRow, findings, read_attempts

KEYS = [("cam", "0123456789ab", number) for number in range(4)]


def rows(*numbers: int) -> list[StoredRow]:
    return [StoredRow(KEYS[number], number, float(number)) for number in numbers]


def test_a_whole_run_has_no_problems() -> None:
    assert findings(KEYS, rows(0, 1, 2, 3), Attempts()).problems() == ()


def test_a_lost_frame_is_a_loss_and_a_gap() -> None:
    assert findings(KEYS, rows(0, 2, 3), Attempts()).problems() == ("lost: 1", "gaps: 1")


def test_a_frame_lost_at_the_end_is_a_loss() -> None:
    assert findings(KEYS, rows(0, 1, 2), Attempts()).problems() == ("lost: 1",)


def test_a_second_row_is_a_duplicate() -> None:
    twice = [*rows(0, 1, 2, 3), StoredRow(KEYS[3], 9, 9.0)]
    assert findings(KEYS, twice, Attempts()).duplicates == 1


def test_a_row_of_nobody_is_a_stranger() -> None:
    assert findings(KEYS[:3], rows(0, 1, 2, 3), Attempts()).problems() == ("strangers: 1",)


def test_frames_judged_the_other_way_round_are_out_of_order() -> None:
    swapped = [StoredRow(KEYS[0], 1, 1.0), StoredRow(KEYS[1], 0, 0.0)]
    assert findings(KEYS[:2], swapped, Attempts()).problems() == ("out of order: 1",)


def test_what_was_judged_again_stands_in_the_log_twice() -> None:
    judged = json.dumps({"event": "judged", "keys": KEYS}).encode()
    fenced = json.dumps({"event": "fenced"}).encode()
    attempts = read_attempts([judged, judged[:30], fenced, judged])
    assert (attempts.judged_again, attempts.fenced) == (4, 1)


def test_the_same_seed_kills_after_the_same_frames() -> None:
    assert Scenario(seed=7, kills=5).kill_after() == Scenario(seed=7, kills=5).kill_after()
    assert Scenario(seed=7, kills=5).kill_after() != Scenario(seed=8, kills=5).kill_after()
