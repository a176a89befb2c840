"""How things are, in a word: the rules of the Health page, without a page."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.gap import Gap
from core.verdict import Decision
from core.worker_report import WorkerReport
from dashboard.health.read_models import CameraHealth, DayRow, Silent
from dashboard.health.states import (
    Kind,
    State,
    bus_state,
    camera_state,
    gap_of,
    judged_per_s,
    with_gaps,
    worker_state,
)
from dashboard.read_models import CameraCounts

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STALE_S = 10.0


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def camera(
    reported_s: float = 1, newest_s: float = 1, captured: int = 10, judged: int = 10, left: int = 0
) -> CameraHealth:
    return CameraHealth("top", "nut", ago(reported_s), ago(newest_s), CameraCounts(captured, judged, 0), left)


def worker(reported_s: float = 1, still_s: float = 1, waits_for: str = "", ended: bool = False) -> WorkerReport:
    reported = ago(reported_s)
    turned = reported - timedelta(seconds=still_s)
    return WorkerReport("me", ago(9999), reported, turned, 5, 1, 0, waits_for, "nut: model 1", ended)


@pytest.mark.parametrize(
    ("seen", "kind", "words"),
    [
        (camera(), Kind.WELL, "running"),
        (camera(newest_s=14), Kind.WATCH, "no frame for 14 s"),
        (camera(newest_s=14, captured=12), Kind.WATCH, "not judged for 14 s"),
        (camera(reported_s=40), Kind.ACT, "silent for 40 s"),
        (camera(reported_s=7200), Kind.OFF, "stopped 2 h ago"),
        (replace(camera(), reported_at=Silent()), Kind.WATCH, "never reported"),
        (replace(camera(), newest_at=Silent()), Kind.WATCH, "no frame judged yet"),
    ],
)
def test_a_camera_is_as_its_process_says_and_then_as_its_pictures_say(
    seen: CameraHealth, kind: Kind, words: str
) -> None:
    """What asks for something says what to do."""
    state = camera_state(seen, NOW, STALE_S)
    assert (state.kind, state.words) == (kind, words)
    assert bool(state.remedy) == (kind in (Kind.WATCH, Kind.ACT))


@pytest.mark.parametrize(
    ("report", "kind", "words"),
    [
        (worker(), Kind.WELL, "judging"),
        (worker(still_s=47, waits_for="the bus"), Kind.WATCH, "waits for 47 s"),
        (worker(still_s=47), Kind.WATCH, "waits for 47 s"),
        (worker(reported_s=40), Kind.ACT, "silent for 40 s"),
        (worker(reported_s=7200, ended=True), Kind.OFF, "ended 2 h ago"),
    ],
)
def test_a_worker_is_as_it_says_for_as_long_as_it_says_anything(report: WorkerReport, kind: Kind, words: str) -> None:
    """A silent one that never said that it ends is a matter for somebody."""
    state = worker_state(report, NOW)
    assert (state.kind, state.words) == (kind, words)


RUNS, GONE = State(Kind.WELL, "judging"), State(Kind.OFF, "ended")


@pytest.mark.parametrize(
    ("waiting", "rate", "workers", "kind", "words"),
    [
        (None, 5.0, [RUNS], Kind.ACT, "does not answer"),
        (0, 0.0, [], Kind.WELL, "nothing waits"),
        (1, 5.0, [RUNS], Kind.WELL, "1 frame waits"),
        (600, 5.0, [GONE, RUNS], Kind.WATCH, "600 frames wait, 2 min of work"),
        (3, 5.0, [GONE], Kind.ACT, "3 frames wait, nobody judges"),
        (3, 0.0, [RUNS], Kind.WELL, "3 frames wait"),
    ],
)
def test_the_bus_is_as_long_behind_as_what_waits_takes(
    waiting: int | None, rate: float, workers: list[State], kind: Kind, words: str
) -> None:
    """No answer is not the same as nothing."""
    state = bus_state(waiting, rate, workers, STALE_S)
    assert (state.kind, state.words) == (kind, words)


def test_frames_of_an_earlier_run_are_a_gap_only_once_the_bus_is_empty() -> None:
    """Before, they may still come."""
    left = camera(left=4)
    assert [gap_of(left, waiting) for waiting in (0, 3, None)] == [4, None, None]
    assert gap_of(camera(), None) == 0


def test_the_rate_is_that_of_the_last_half_hour_without_dropped_frames() -> None:
    """They cost nobody any work."""
    rows = [
        DayRow("top", ago(7200), Decision.OK, "", 9999, 0.1),
        DayRow("top", ago(900), Decision.OK, "", 800, 0.1),
        DayRow("top", ago(900), Decision.ERROR, "dropped", 500, 0.1),
        DayRow("top", ago(0), Decision.NG, "", 100, 0.1),
    ]
    assert judged_per_s(rows, NOW) == 1.0
    assert judged_per_s(rows[:1], NOW) == 0.0


def test_frames_that_the_bus_lost_are_a_gap_whatever_waits() -> None:
    """Later frames of the same run are judged, so that these will not come any more."""
    lost = replace(camera(captured=20), overtaken=3)
    assert [gap_of(lost, waiting) for waiting in (0, 3, None)] == [3, 3, 3]
    assert gap_of(replace(lost, left_behind=4), 0) == 7


def test_what_the_bus_lost_in_the_last_day_is_the_buss_state() -> None:
    """Unless something is worse; yesterday's loss stays in the table below."""
    well, worse = State(Kind.WELL, "nothing waits"), State(Kind.ACT, "does not answer", "x")
    fresh, old = Gap("frames", 3, 5, 9, ("top",), ago(7200)), Gap("frames", 3, 0, 2, ("top",), ago(100_000))
    state = with_gaps(well, [fresh, old], NOW)
    assert (state.kind, state.words) == (Kind.ACT, "4 frames lost, found 2 h ago")
    assert "retention.ms" in state.remedy
    assert with_gaps(well, [old], NOW) == well
    assert with_gaps(worse, [fresh], NOW) == worse
