"""The dashboard's benchmark: what it makes, what it finds, what it prints."""

from pathlib import Path

import pytest
from sqlalchemy import text

from model.result_lines import Result
from tests.benchmarks import dashboard_plans
from tests.benchmarks.dashboard import code_of, misses, plan_table, times_table
from tests.benchmarks.dashboard_line import CAMERAS, fill, tell_of_cameras
from tests.benchmarks.dashboard_plans import Look, asked_by
from tests.benchmarks.dashboard_times import FRESH_TAB, IN_SESSION
from tests.dashboard.places import fresh_line

LIVE, OTHER = "Live", "Health"


def took(page: str, way: str, *seconds: float) -> list[Result]:
    figures = {"server_cpu_s": 0.1, "browser_cpu_s": 0.4, "load": 2.0}
    return [{"kind": "time", "scenario": page, "way": way, "seconds": each, **figures} for each in seconds]


def plans(page: str, *scanned: str) -> Result:
    told = {"page": page, "statements": 3, "took_ms": 12.4, "slowest_ms": 7.6, "scanned": list(scanned)}
    return {"kind": "plans", "pages": [told]}


def test_a_promised_page_may_not_take_a_second_in_a_session_nor_scan() -> None:
    """A fresh tab and other pages are told and not held to it."""
    assert misses(took(LIVE, IN_SESSION, 0.2, 0.9, 5.0)) == []
    assert misses(took(LIVE, IN_SESSION, 0.2, 1.1, 5.0)) == [LIVE]
    assert misses(took(LIVE, FRESH_TAB, 2.0) + took(OTHER, IN_SESSION, 2.0)) == []
    assert misses([plans(LIVE, "inspection_20261125"), plans(LIVE)]) == []
    assert misses([plans(LIVE), plans(LIVE, "inspection_20261125")]) == [LIVE]
    assert misses([plans(OTHER, "inspection_20261125")]) == []


def test_the_tables_have_a_line_for_each_page_and_way() -> None:
    """With every single time, so that nobody has to believe a median."""
    lines = times_table(took(LIVE, IN_SESSION, 0.9, 0.2, 0.31) + took(LIVE, FRESH_TAB, 2.0)).splitlines()
    assert lines[2] == "| Live | fresh tab | 2.00 | 2.00 | 0.10 | 0.40 | 2.00 |"
    assert lines[3] == "| Live | in a running session | 0.31 | 0.20 0.31 0.90 | 0.10 | 0.40 | 2.00 |"
    assert plan_table([plans(LIVE)]).splitlines()[2:] == ["| Live | 3 | 12 | 8 | none |"]


def test_other_pages_are_other_results(tmp_path: Path) -> None:
    """A style sheet makes a page slow as well as a query."""
    (tmp_path / "dashboard").mkdir()
    (tmp_path / "dashboard" / "wall.css").write_text("a")
    before = code_of(tmp_path)
    (tmp_path / "dashboard" / "wall.css").write_text("b")
    assert code_of(tmp_path) != before


@pytest.mark.server
@pytest.mark.slow
def test_the_line_is_what_stations_would_have_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as asked for, each counted once in every grain and in its lot; and a page that scans is found out."""
    asked = 4000
    with fresh_line(tmp_path) as place:
        list(fill(place.line, asked))
        tell_of_cameras(place.line, asked)
        with place.engine.connect() as connection:
            there = connection.scalar(text("select count(*) from inspection"))
            counted = connection.execute(text("select grain, sum(frames) from rollup group by 1")).all()
            in_lots = connection.scalar(text("select sum(frames) from lot_rollup"))
            pictured = connection.scalar(
                text("select count(*) from inspection join score_map using (captured_at, camera, start_id, sequence)"
                     " where frame_uri <> ''")
            )  # fmt: skip
        assert asked <= there < asked * 1.1 + len(CAMERAS) * 91
        assert {grain: int(frames) for grain, frames in counted} == dict.fromkeys(("minute", "hour", "day"), there)
        assert (in_lots, pictured > 0) == (there, True)
        live = asked_by(place, Look("live"))
        assert any("inspection" in each.statement for each in live)
        assert not any(each.scanned for each in live)
        monkeypatch.setattr(dashboard_plans, "MANY_ROWS", 0)
        scanned = {table for each in asked_by(place, Look("health")) for table in each.scanned}
        assert any(table.startswith("inspection_") for table in scanned)
