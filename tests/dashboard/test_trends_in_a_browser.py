"""The Trends page as a quality engineer uses it."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import insert

from core.adapters.schema_shift import alarm
from core.drift import DriftFound, DriftKind
from core.verdict import Decision
from dashboard.story.read_models import DefectFilter, newest_parts
from dashboard.trends.read_models import alarms_raised
from tests.dashboard.places import Place, fresh_line, opened, running_dashboard
from tests.dashboard.seed_weeks import seed_weeks

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, str]]:
    folder: Path = tmp_path_factory.mktemp("line")
    with fresh_line(folder) as place, running_dashboard(place.environment, folder) as address:
        seed_weeks(place.line, days=14)
        yield place, address


def trends(browser: Browser, address: str) -> Page:
    page = opened(browser, f"{address}/trends")
    page.locator(".st-key-trend_box .marks").first.wait_for(timeout=90_000)
    return page


def test_a_kind_of_defect_is_told_since_when(browser: Browser, running: tuple[Place, str]) -> None:
    """First occurrence, lots, cameras, models, and how many parts went out."""
    page = trends(browser, running[1])
    page.get_by_text("Since when?").click()
    page.get_by_label("kind of defect").click()
    page.get_by_role("option", name="scratch").click()
    box = page.locator(".st-key-since_when_box")
    expect(box).to_contain_text("scratch, confirmed by people")
    expect(box).to_contain_text("of them went out")
    expect(box).to_contain_text("Cameras: line1")
    page.context.close()


def test_a_part_nobody_has_looked_at_is_told_by_its_camera_s_rejects(
    browser: Browser, running: tuple[Place, str]
) -> None:
    """And a part that is not there is said not to be."""
    page = trends(browser, running[1])
    page.get_by_text("Since when?").click()
    box = page.locator(".st-key-since_when_box")
    field = box.get_by_placeholder("or a part's id")
    field.fill("P-nowhere")
    field.press("Enter")
    expect(box).to_contain_text("No part of gear has the id P-nowhere")
    field.fill("P-1000839")
    field.press("Enter")
    expect(box).to_contain_text("on line1-")
    page.context.close()


def test_what_drifts_is_told_with_camera_lot_and_since_when(browser: Browser, running: tuple[Place, str]) -> None:
    """Until it is over."""
    place, address = running
    since = place.line.now - timedelta(hours=5)
    sentence = "line1-top's parts look different since then: 60 of 64 lie beyond three quarters of the calibration's"
    found = DriftFound("line1-top", DriftKind.LOOKS, since, "L-7 *new*", sentence)
    place.line.ledger.tell_drift("gear", 1, [found], place.line.now)
    page = trends(browser, address)
    alarm = page.get_by_test_id("stAlert").filter(has_text="parts look different since")
    expect(alarm).to_contain_text("line1-top: parts look different since")
    expect(alarm).to_contain_text("lot L-7 *new*")
    expect(alarm).to_contain_text("60 of 64")
    mark = page.locator(".st-key-trend_box svg.marks text").get_by_text("parts look different", exact=True)
    expect(mark).to_have_count(1)
    page.context.close()
    place.line.ledger.tell_drift("gear", 1, [], place.line.now)
    page = trends(browser, address)
    expect(page.get_by_text("parts look different since")).to_have_count(0)
    page.context.close()


def test_all_parts_are_drawn_below_for_the_brush_to_lie_on(browser: Browser, running: tuple[Place, str]) -> None:
    """The last row has an area over the whole time, and times below it: an empty one is no place to drag."""
    page = trends(browser, running[1])
    drawing = page.locator(".st-key-trend_box svg.marks")
    drawn, area = drawing.bounding_box(), drawing.locator(".mark-area path").last.bounding_box()
    assert drawn
    assert area
    assert area["width"] > 0.8 * drawn["width"]
    expect(drawing.locator(".role-axis-label text").get_by_text(re.compile(r"\d\d"))).not_to_have_count(0)
    page.context.close()


def test_the_drawing_is_no_wider_than_the_window(browser: Browser, running: tuple[Place, str]) -> None:
    """On a bench and on a wall."""
    for width, height in ((1280, 800), (1920, 1080)):
        page = opened(browser, f"{running[1]}/trends", width, height)
        drawing = page.locator(".st-key-trend_box .marks").first
        drawing.wait_for(timeout=90_000)
        box = drawing.bounding_box()
        assert box
        assert box["x"] + box["width"] <= width
        assert box["width"] > 0.9 * width
        page.context.close()


def test_the_chosen_time_is_still_chosen_when_one_comes_back(browser: Browser, running: tuple[Place, str]) -> None:
    """Whoever looks at ninety days looks at them all morning."""
    page = trends(browser, running[1])
    page.get_by_role("radio", name="90 d").click()
    page.get_by_role("link", name="Shift start").click()
    expect(page.get_by_role("radio", name="90 d")).to_have_count(0)
    page.get_by_role("link", name="Trends").click()
    expect(page.get_by_role("radio", name="90 d")).to_be_checked()
    page.context.close()


def test_a_click_on_a_step_opens_its_parts(browser: Browser, running: tuple[Place, str]) -> None:
    """Those of its two hours and no others; one button leads out again."""
    place, address = running
    page = trends(browser, address)
    drawing = page.locator(".st-key-trend_box .marks").first
    box = drawing.bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 30)
    page.wait_for_url("**/defects?since=*")
    query = dict(parse_qsl(page.url.split("?")[1]))
    since, until = (datetime.fromisoformat(query[name]) for name in ("since", "until"))
    expect(page.get_by_role("button", name="Any other time")).to_be_visible()
    wanted = DefectFilter(tuple(Decision), "gear", since=since, until=until)
    parts = newest_parts(place.engine, wanted, None, 200)
    assert until - since == timedelta(hours=2)
    assert parts
    expect(page.locator(".gallery button")).to_have_count(len(parts))
    page.get_by_role("button", name="Any other time").click()
    expect(page.get_by_role("button", name="Any other time")).to_have_count(0)
    page.context.close()


def test_alarms_that_the_line_raised_are_marks(running: tuple[Place, str]) -> None:
    """Of this product, on this camera or on none."""
    place, _ = running
    at = place.line.now - timedelta(hours=3)
    run = place.line.ledger.begin_run("gear", "night", at, "station", "nightly")
    place.line.ledger.note_step(run.id, at, "alarm: 9 of 40 parts are rejected; it is the parts, not the model")
    place.line.ledger.note_step(run.id, at, "trained")
    with place.engine.begin() as connection:
        rows = [
            {"raised_at": at, "product": product, "camera": camera, "what": f"{product} {camera}", "remedy": ""}
            for product in ("gear", "nut") for camera in ("line1-top", "line1-side")
        ]  # fmt: skip
        connection.execute(insert(alarm), rows)
    parts = "alarm: 9 of 40 parts are rejected; it is the parts, not the model"
    found = {
        camera: {each.what for each in alarms_raised(place.engine, "gear", camera, at)} for camera in ("", "line1-top")
    }
    assert found == {"": {"gear line1-top", "gear line1-side", parts}, "line1-top": {"gear line1-top", parts}}
    assert alarms_raised(place.engine, "gear", "", at + timedelta(seconds=1)) == []
