"""What the Health page reads, on a real Postgres."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from core.inspection import CameraRun
from core.verdict import Decision
from dashboard.health.read_models import BUCKET, Silent, cameras, day_rows, quarantined
from tests.dashboard.places import Place, fresh_line
from tests.dashboard.seed import CAMERAS, START, next_part, seed_day, seed_parts

pytestmark = pytest.mark.server

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A seeded day with a pause in it."""
    with fresh_line(tmp_path_factory.mktemp("line")) as place:
        seed_day(place.line)
        yield place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A line of its own."""
    with fresh_line(tmp_path) as fresh:
        yield fresh


def test_a_day_comes_in_quarters_of_an_hour_by_camera_decision_and_reason(day: Place) -> None:
    """Every row is counted once; a pause has no rows."""
    rows = day_rows(day.engine, day.line.now)
    assert sum(row.frames for row in rows) == 2 * 85 * 4
    assert {row.camera for row in rows} == set(CAMERAS)
    assert {(row.decision, row.reason) for row in rows} == {
        (Decision.OK, ""),
        (Decision.NG, ""),
        (Decision.ERROR, "undecodable"),
    }
    begun = sorted({row.begins_at for row in rows})
    assert all(moment.timestamp() % BUCKET.total_seconds() == 0 for moment in begun)
    assert max(later - earlier for earlier, later in pairwise(begun)) > 10 * BUCKET
    assert all(0 < row.longest_s < 5 for row in rows)


def test_what_is_older_than_a_day_is_left_out(day: Place) -> None:
    """An hour later an hour less is there."""
    now, later = day_rows(day.engine, day.line.now), day_rows(day.engine, day.line.now + timedelta(hours=1))
    assert sum(row.frames for row in later) == sum(row.frames for row in now) - 2 * 4 * 4


def test_the_quarantine_is_told_by_reason(day: Place) -> None:
    """With its newest."""
    (one,) = quarantined(day.engine, LONG_AGO)
    assert (one.reason, one.frames) == ("undecodable", 2 * 17)
    assert one.newest_at <= day.line.now
    assert quarantined(day.engine, day.line.now) == []


def test_a_camera_comes_with_its_last_report_newest_frame_and_counts(place: Place) -> None:
    """As its process and the ledger say."""
    seed_parts(place.line, count=5)
    found = cameras(place.engine, LONG_AGO)
    assert [each.camera for each in found] == sorted(CAMERAS)
    assert all(each.reported_at == place.line.now and each.newest_at == place.line.now for each in found)
    assert all((each.counts.captured, each.counts.judged, each.left_behind) == (6, 5, 0) for each in found)
    assert cameras(place.engine, place.line.now + timedelta(hours=1)) == []


def test_a_camera_of_which_only_one_side_is_known_is_there_all_the_same(place: Place) -> None:
    """One that has rows and never reported, and one that reports and has no rows."""
    seed_parts(place.line, count=5)
    with place.engine.begin() as connection:
        connection.exec_driver_sql("update camera_run set reported_at = null where camera = 'line1-top'")
    place.line.ledger.report(CameraRun("line2-top", START, "gear", 3, 0, place.line.now))
    found = {each.camera: each for each in cameras(place.engine, LONG_AGO)}
    assert isinstance(found["line1-top"].reported_at, Silent)
    assert isinstance(found["line2-top"].newest_at, Silent)


def test_frames_of_an_earlier_run_without_a_row_are_left_behind(place: Place) -> None:
    """Those of the newest run only wait."""
    seed_parts(place.line, count=5)
    earlier = CameraRun("line1-top", "ffffffffffff", "gear", 40, 0, place.line.now - timedelta(hours=1))
    place.line.ledger.report(earlier)
    top = next(each for each in cameras(place.engine, LONG_AGO) if each.camera == "line1-top")
    assert (top.counts.captured, top.counts.judged, top.left_behind) == (46, 5, 40)


def test_the_newest_frame_moves_with_every_part(place: Place) -> None:
    """As soon as it has a row."""
    seed_parts(place.line, count=5)
    now = place.line.now + timedelta(seconds=7)
    next_part(place.line, "line1-top", 5, now)
    top = next(each for each in cameras(place.engine, LONG_AGO) if each.camera == "line1-top")
    assert top.newest_at == now
