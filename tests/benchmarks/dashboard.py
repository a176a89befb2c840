"""How soon pages are there with millions of inspections behind them.

`python -m tests.benchmarks.dashboard --rows 10000000` fills a database of its own, looks at the plan of every query
that the pages make, and times each page in a browser from navigation to its last chart or picture. Each time is taken
with a dashboard that has just started and a browser that has seen nothing.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from playwright.sync_api import Page
from sqlalchemy import Engine, event, text

from dashboard import read_models
from dashboard.thresholds import read_models as threshold_models
from dashboard.trends import read_models as trend_models
from dashboard.trends.spans import SPANS
from tests.benchmarks.dashboard_line import CAMERAS, fill
from tests.dashboard.places import Place, chromium, fresh_line, running_dashboard

BOUND_S = 1.0
PAGES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "Live": ("live", lambda page: _shown(page, ".wall .picture[data-shown]", len(CAMERAS))),
    "Trends over 90 days": ("trends?span=90+d", lambda page: _shown(page, ".st-key-trend_box .marks", 1)),
    "Defects": ("defects", lambda page: _shown(page, ".gallery button .picture[data-shown]", 20)),
    "Thresholds": ("thresholds", lambda page: _shown(page, ".limits .histogram rect", 20)),
}


def main() -> int:
    """Fill, explain, time; 1 where a table is scanned or a page takes longer than a second."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.dashboard", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5, help="of each page; 0 for the plans alone")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, fresh_line(Path(folder)) as place:
        began = monotonic()
        rows = fill(place.line, asked.rows)
        print(f"{rows} inspections of {len(CAMERAS)} cameras over 90 days, made in {monotonic() - began:.0f} s")
        scans = told_plans(place.engine, place.line.now)
        slow = told_times(place, Path(folder), asked.rounds) if asked.rounds else 0
    return 1 if scans or slow else 0


def told_plans(engine: Engine, now: datetime) -> int:
    """Print every query's time and how many tables of inspections or counts it reads from end to end; their sum."""
    total = 0
    for name, read in _reads(engine, now).items():
        with recorded(engine) as statements:
            began = monotonic()
            read()
            took_ms = 1000 * (monotonic() - began)
        settings = [statement for statement, _ in statements if statement.startswith("set local")]
        asked = [each for each in statements if each[0] not in settings]
        scanned = [table for each in asked for table in tables_scanned(engine, settings, *each)]
        print(f"{name:<40} {took_ms:8.1f} ms   scanned: {', '.join(scanned) or 'none'}")
        total += len(scanned)
    return total


def _reads(engine: Engine, now: datetime) -> dict[str, Callable[[], Any]]:
    since, product, model = now - timedelta(days=30), "gear", 1
    lot = f"L-{now - timedelta(days=40):%y%m%d}-1"
    by_lot = "select * from inspection where lot = :lot and score >= 2.6 order by captured_at desc limit 48"
    return {
        "Live: cameras with history": lambda: read_models.camera_rows(engine, now - timedelta(days=1)),
        "Trends: 90 days": lambda: trend_models.step_counts(engine, product, "", SPANS["90 d"], now),
        "Trends: 7 days": lambda: trend_models.step_counts(engine, product, "", SPANS["7 d"], now),
        "Trends: lots": lambda: trend_models.lots_seen(engine, product, now - timedelta(days=90)),
        "Trends: a part by its id": lambda: trend_models.parts_named(engine, "P-4711"),
        "Defects: newest": lambda: read_models.newest_parts(engine, read_models.DefectFilter(), None, 48),
        "Defects: one lot from one score on": lambda: _run(engine, by_lot, lot=lot),
        "Thresholds: a month's histogram": lambda: threshold_models.score_counts(engine, product, model, since, now),
        "Thresholds: parts between": lambda: threshold_models.parts_between(
            engine, product, model, (2.4, 2.6), since, 24
        ),
    }


def _run(engine: Engine, statement: str, **given: Any) -> None:
    with read_models.reading(engine) as connection:
        connection.execute(text(statement), given).all()


@contextmanager
def recorded(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are sent meanwhile, with what is given for their places."""
    found: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, given: Any, *___: Any) -> None:
        if statement.lstrip().lower().startswith(("select", "set local")):
            found.append((statement, given))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def tables_scanned(engine: Engine, settings: Sequence[str], statement: str, given: Any) -> list[str]:
    """Tables of inspections or counts that the plan reads from end to end, empty ones left out."""
    with engine.connect() as connection:
        for setting in settings:
            connection.exec_driver_sql(setting)
        (plan,) = connection.exec_driver_sql(f"explain (format json) {statement}", given).scalar_one()
    return sorted(_scans(plan["Plan"] if isinstance(plan, dict) else json.loads(plan)[0]["Plan"]))


def _scans(plan: dict[str, Any]) -> Iterator[str]:
    large = plan.get("Relation Name", "").startswith(("inspection", "score_map", "rollup"))
    if plan["Node Type"] == "Seq Scan" and large and plan["Plan Rows"] > 1:
        yield plan["Relation Name"]
    for below in plan.get("Plans", ()):
        yield from _scans(below)


def told_times(place: Place, folder: Path, rounds: int) -> int:
    """Print each page's times; how many take longer than a second at the median."""
    times: dict[str, list[float]] = {name: [] for name in PAGES}
    for name, (address, is_there) in PAGES.items():
        for _ in range(rounds):
            with running_dashboard(place.environment, folder) as root, chromium() as browser:
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                page.set_default_timeout(120_000)
                began = monotonic()
                page.goto(f"{root}/{address}", wait_until="commit")
                is_there(page)
                times[name].append(monotonic() - began)
    for name, taken in times.items():
        every = ", ".join(f"{each:.2f}" for each in sorted(taken))
        print(f"{name:<24} median {statistics.median(taken):6.2f} s   ({every})")
    print(f"measured {datetime.now(UTC):%Y-%m-%d}")
    return sum(statistics.median(taken) > BOUND_S for taken in times.values())


def _shown(page: Page, selector: str, least: int) -> None:
    page.locator(selector).nth(least - 1).wait_for(state="attached")


if __name__ == "__main__":
    sys.exit(main())
