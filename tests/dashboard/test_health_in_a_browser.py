"""The Health page as whoever is called at night sees it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.places import Place, fresh_line, opened, running_dashboard
from tests.dashboard.seed import CAMERAS, next_part, seed_day, seed_parts, seed_workers
from tests.dashboard.test_live_in_a_browser import close_to_all

pytestmark = [pytest.mark.server, pytest.mark.slow]

SIZES = [(1280, 800, "light"), (1280, 800, "dark"), (1920, 1080, "light"), (1920, 1080, "dark")]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, str]]:
    """A day behind it, and its dashboard."""
    folder = tmp_path_factory.mktemp("line")
    with fresh_line(folder) as place, running_dashboard(place.environment, folder) as address:
        seed_day(place.line)
        seed_parts(place.line, count=5)
        seed_workers(place.line)
        yield place, address


def health(browser: Browser, address: str, width: int = 1280, height: int = 800, scheme: str = "light") -> Page:
    page = opened(browser, f"{address}/health", width, height, scheme)
    expect(page.locator(".health .cameras tbody tr")).to_have_count(len(CAMERAS))
    return page


@pytest.mark.parametrize(("width", "height", "scheme"), SIZES)
def test_all_of_it_is_on_one_screen_and_nothing_is_cut(
    browser: Browser, running: tuple[Place, str], width: int, height: int, scheme: str
) -> None:
    """On a bench and on a wall, by day and by night: no scrolling, no words that run out of their column."""
    page = health(browser, running[1], width, height, scheme)
    last = page.locator(".health .reasons tbody tr").last
    expect(last).to_be_visible()
    box = last.bounding_box()
    assert box
    assert box["y"] + box["height"] < height
    cut = "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth + 1).map(cell => cell.textContent)"
    assert page.locator(".health th, .health td").evaluate_all(cut) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.context.close()


def test_cameras_workers_bus_and_errors_are_told(browser: Browser, running: tuple[Place, str]) -> None:
    """In words, with what to do."""
    page = health(browser, running[1])
    expect(page.locator(".health .bus")).to_contain_text("nothing waits")
    expect(page.locator('.health .cameras tr[data-key="line1-top"] td.number')).to_have_count(6)
    silent = page.locator('.health .workers tr[data-key="inspector-4090"]')
    expect(silent).to_contain_text(re.compile(r"silent for \d+ min"))  # five, and what the tests before this one took
    expect(silent).to_contain_text("look at its log")
    expect(page.locator('.health .workers tr[data-key="inspector-3999"]')).to_contain_text("ended 2 h ago")
    expect(page.locator('.health .reasons tr[data-key="undecodable"] td.number').nth(2)).to_have_text("34")
    page.context.close()


def test_a_day_is_drawn_for_each_camera_on_one_axis(browser: Browser, running: tuple[Place, str]) -> None:
    """With a word for each quarter under the pointer."""
    page = health(browser, running[1])
    strips = page.locator(".health .cameras td.chart svg")
    expect(strips).to_have_count(len(CAMERAS))
    expect(page.locator(".health .cameras th.chart text")).to_have_count(6)
    assert strips.first.locator("g").count() > 80
    assert " OK" in (strips.first.locator("g title").first.text_content() or "")
    boxes = [strips.nth(number).bounding_box() for number in range(len(CAMERAS))]
    axis = page.locator(".health .cameras th.chart svg").bounding_box()
    assert axis
    assert all(box and abs(box["x"] - axis["x"]) < 1 and abs(box["width"] - axis["width"]) < 1 for box in boxes)
    page.context.close()


def test_a_camera_that_comes_back_is_seen_within_seconds_and_no_row_is_rebuilt(
    browser: Browser, tmp_path: Path
) -> None:
    """The page changes in place."""
    with fresh_line(tmp_path) as place, running_dashboard(place.environment, tmp_path) as address:
        seed_parts(place.line, count=5, ends=place.line.now - timedelta(seconds=120))
        page = health(browser, address)
        row = page.locator('.health .cameras tr[data-key="line1-top"]')
        expect(row).not_to_contain_text("running")
        row.evaluate("row => { window.__row = row; }")
        next_part(place.line, "line1-top", 5, datetime.now(UTC) + timedelta(seconds=5))
        expect(row).to_contain_text("running")
        assert row.evaluate("row => row === window.__row && row.isConnected")
        page.context.close()


def test_without_postgres_it_says_how_old_the_shown_is_and_heals_by_itself(browser: Browser, tmp_path: Path) -> None:
    """Never a traceback."""
    with fresh_line(tmp_path) as place, running_dashboard(place.environment, tmp_path) as address:
        seed_parts(place.line, count=5)
        page = health(browser, address)
        close_to_all(place, closed=True)
        expect(page.get_by_text("Postgres does not answer.", exact=False).first).to_be_visible()
        expect(page.get_by_text("What is shown is", exact=False)).to_be_visible()
        expect(page.locator(".health .cameras tbody tr")).to_have_count(len(CAMERAS))
        assert "Traceback" not in page.content()
        close_to_all(place, closed=False)
        expect(page.get_by_text("Postgres does not answer.", exact=False)).to_have_count(0)
        page.context.close()


def test_an_empty_line_says_what_would_fill_the_page(browser: Browser, empty: Place, tmp_path: Path) -> None:
    """In each of its tables."""
    with running_dashboard(empty.environment, tmp_path) as address:
        page = opened(browser, f"{address}/health")
        expect(page.locator(".health .cameras .empty")).to_contain_text("No camera has reported")
        expect(page.locator(".health .workers .empty")).to_contain_text("python -m worker")
        expect(page.locator(".health .reasons .empty")).to_contain_text("Every frame")
        page.context.close()
