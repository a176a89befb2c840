"""The last 24 hours as drawings and as the page's data, without a page."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.gap import Gap
from core.verdict import Decision
from dashboard.charts import SHAPES
from dashboard.health.day_charts import (
    PLACES,
    STRIP_HEIGHT,
    DayAxis,
    decisions_strip,
    delay_strip,
    tallest_quarter,
    time_axis,
)
from dashboard.health.page_data import HealthView, health_data
from dashboard.health.read_models import BUCKET, CameraHealth, DayRow, Quarantined
from dashboard.read_models import CameraCounts

NOW = datetime(2026, 11, 24, 12, 7, tzinfo=UTC)
AXIS = DayAxis.until(NOW, UTC)
BEGUN = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROWS = st.lists(
    st.builds(
        DayRow,
        st.just("top"),
        st.integers(-5, PLACES + 5).map(lambda ago: BEGUN - ago * BUCKET),
        st.sampled_from(Decision),
        st.just(""),
        st.integers(1, 10**6),
        st.floats(0, 1e5),
    ),
    max_size=30,
)


def row(quarters_ago: int = 0, decision: Decision = Decision.OK, frames: int = 10, reason: str = "") -> DayRow:
    return DayRow("top", BEGUN - quarters_ago * BUCKET, decision, reason, frames, 0.25)


def test_the_last_quarter_of_the_axis_is_the_one_that_has_begun() -> None:
    """And the first began a day before it ends."""
    assert AXIS.place_of(BEGUN) == PLACES - 1
    assert AXIS.place_of(BEGUN - (PLACES - 1) * BUCKET) == 0
    assert AXIS.place_of(BEGUN - PLACES * BUCKET) is None
    assert AXIS.place_of(BEGUN + BUCKET) is None
    assert [AXIS.place_of(AXIS.begins_at(place)) for place in (0, 50, 95)] == [0, 50, 95]


def test_the_hours_are_those_of_the_viewer() -> None:
    """Every fourth, in his zone."""
    hours = re.findall(r">(\d\d:\d\d)<", time_axis(DayAxis.until(NOW, ZoneInfo("Asia/Kolkata"))))
    assert hours == ["20:00", "00:00", "04:00", "08:00", "12:00", "16:00"]


@given(ROWS)
def test_a_strip_is_well_formed_and_stays_within_itself_whatever_the_rows(rows: list[DayRow]) -> None:
    """Nothing is drawn outside its box, and nothing for a quarter without frames."""
    for strip in (decisions_strip(rows, AXIS, tallest_quarter(rows)), delay_strip(rows, AXIS, 1e5)):
        drawn = ElementTree.fromstring(strip)
        for rect in drawn.iter("rect"):
            assert 0 <= float(rect.get("x", "")) <= 5 * PLACES
            assert 0 <= float(rect.get("y", "")) <= STRIP_HEIGHT
    inside = {place for each in rows if (place := AXIS.place_of(each.begins_at)) is not None}
    assert decisions_strip(rows, AXIS, tallest_quarter(rows)).count("<g>") == len(inside)


def test_a_single_defect_among_many_good_parts_is_seen() -> None:
    """However small its share."""
    strip = decisions_strip([row(frames=10_000), row(decision=Decision.NG, frames=1)], AXIS, 10_001)
    (height,) = re.findall(r'class="ng"[^>]*height="([\d.]+)"', strip)
    assert float(height) >= 1


def test_a_strip_says_its_numbers_to_whoever_hears_or_points() -> None:
    """In whole words."""
    strip = decisions_strip([row(frames=1200), row(decision=Decision.NG, frames=3)], AXIS, 2000)
    assert 'aria-label="the last 24 hours: 1\u2009200 OK, 3 NG"' in strip
    assert "<title>12:00 to 12:15: 1\u2009200 OK, 3 NG</title>" in strip


def camera(name: str = "top", waiting: int = 0, left: int = 0) -> CameraHealth:
    return CameraHealth(name, "nut", NOW, NOW, CameraCounts(100 + waiting + left, 100, 2), left)


def data(view: HealthView, *day: DayRow) -> dict:
    return health_data(view, day, NOW, UTC, 10.0)


def test_what_is_captured_is_judged_or_waits_or_is_a_gap() -> None:
    """On the page as in the ledger: frames of an earlier run are a gap once nothing waits on the bus."""
    (row_,) = data(HealthView(NOW, (camera(left=4),), waiting=0))["cameras"]
    assert row_["cells"] == ["0 s", "104", "100", "0", "2", "4"]
    (row_,) = data(HealthView(NOW, (camera(left=4),), waiting=9))["cameras"]
    assert row_["cells"] == ["0 s", "104", "100", "4", "2", "\u2013"]


def test_a_gap_is_told_with_its_cameras_its_place_and_its_size() -> None:
    """Which frames of whom were never judged, and since when that is known."""
    gap = Gap("frames", 3, 1005, 2010, ("line1-side", "line1-top"), NOW - timedelta(hours=2))
    (told,) = data(HealthView(NOW, gaps=(gap,)))["gaps"]
    assert (told["kind"], told["name"], told["note"]) == ("ng", "line1-side, line1-top", "frames/3")
    assert told["cells"] == ["1\u2009005", "1005", "2010", "2 h"]


def test_errors_are_told_by_reason_with_their_share_and_what_waits_in_quarantine() -> None:
    """Most first; a reason that quarantines nothing says so."""
    held = (Quarantined("undecodable", 3, NOW - timedelta(minutes=4)),)
    day = (
        row(frames=990),
        row(decision=Decision.ERROR, reason="undecodable", frames=3),
        row(decision=Decision.ERROR, reason="dropped", frames=7),
    )
    rows = data(HealthView(NOW, quarantined=held), *day)["reasons"]
    assert [each["words"] for each in rows] == ["dropped", "undecodable"]
    assert [each["cells"] for each in rows] == [["7", "7.0 \u2030", "0", "\u2013"], ["3", "3.0 \u2030", "3", "4 min"]]


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", '" onload="alert(1)'])
def test_no_name_speaks_through_a_drawing(words: str) -> None:
    """Whatever a camera calls itself, drawings hold numbers and decisions only."""
    view = HealthView(NOW, (camera(words),))
    told = data(view, DayRow(words, BEGUN, Decision.ERROR, words, 5, 0.1))
    drawings = [told["axis"], told["bus"]["mark"], told["bus"]["delay"]]
    drawings += [each[key] for each in (*told["cameras"], *told["reasons"]) for key in ("mark", "chart")]
    assert not any(words in drawing or "script" in drawing for drawing in drawings)


def test_a_state_has_a_shape_of_its_own() -> None:
    """Never colour alone."""
    silent = CameraHealth("top", "nut", NOW - timedelta(minutes=1), NOW, CameraCounts(1, 1, 0), 0)
    rows = data(HealthView(NOW, (camera(), silent)))["cameras"]
    assert SHAPES[Decision.OK] in rows[0]["mark"]
    assert SHAPES[Decision.NG] in rows[1]["mark"]
