"""The Live page as an operator has it in front of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import create_engine, text

from tests.dashboard.places import Place, fresh_line, opened, running_dashboard
from tests.dashboard.seed import CAMERAS, next_part, seed_parts, training

pytestmark = [pytest.mark.server, pytest.mark.slow]

WATCH = """(tile) => {
  window.__marked = tile; window.__removed = 0; window.__faded = 0;
  new MutationObserver((changes) => { for (const change of changes) window.__removed += change.removedNodes.length; })
    .observe(tile.parentElement, { childList: true });
  const look = () => {
    for (let node = tile; node; node = node.parentElement ?? node.getRootNode().host)
      if (node instanceof Element && Number(getComputedStyle(node).opacity) < 1) window.__faded += 1;
    requestAnimationFrame(look);
  };
  look();
}"""

CUT_OFF = """(tiles) => tiles.flatMap((tile) => [...tile.querySelectorAll(".word, .score, .age, .stale-words")]
  .filter((words) => words.textContent && words.getBoundingClientRect().width)
  .filter((words) => words.getBoundingClientRect().right > tile.getBoundingClientRect().right
    || words.scrollWidth > words.clientWidth + 1 && getComputedStyle(words).display !== "inline")
  .map((words) => `${tile.dataset.camera}: ${words.textContent}`))"""


def test_both_cameras_are_shown_with_decision_picture_score_and_counts(browser: Browser, address: str) -> None:
    """What an operator needs is on one screen."""
    page = opened(browser, address)
    for camera in CAMERAS:
        tile = page.locator(f'.tile[data-camera="{camera}"]')
        expect(tile.locator(".camera")).to_have_text(camera)
        expect(tile.locator(".counts")).to_contain_text("captured 61 · judged 60 · waiting 1 · dropped 2")
        expect(tile.locator(".history g")).to_have_count(20)
        expect(tile.locator(".picture[data-shown]")).to_have_count(1)
        assert tile.locator("img.frame").evaluate("image => image.naturalWidth") == 512
    page.context.close()


def test_a_new_part_appears_within_two_seconds_without_a_tile_being_rebuilt(browser: Browser, tmp_path: Path) -> None:
    """The tile's nodes outlive updates, and nothing fades meanwhile."""
    with fresh_line(tmp_path) as place, running_dashboard(place.environment, tmp_path) as address:
        seed_parts(place.line, count=24)
        page = opened(browser, address)
        tile = page.locator('.tile[data-camera="line1-top"]')
        expect(tile.locator(".picture[data-shown]")).to_have_count(1)
        page.wait_for_timeout(1500)
        tile.evaluate(WATCH)
        seconds = []
        for sequence in range(24, 27):
            shown = datetime.now(UTC)
            next_part(place.line, "line1-top", sequence, shown)
            expect(tile.locator(f'.picture[data-shown="line1-top/{shown.isoformat()}"]')).to_have_count(1)
            seconds.append((datetime.now(UTC) - shown).total_seconds())
        page.wait_for_timeout(3000)
        assert tile.evaluate("(node) => node === window.__marked && node.isConnected")
        assert page.evaluate("[window.__removed, window.__faded]") == [0, 0]
        print(f"new part on the page after {[round(each, 2) for each in seconds]} s")
        assert sorted(seconds)[1] < 2.0
        page.context.close()


def test_a_camera_without_new_frames_turns_grey_and_says_for_how_long(browser: Browser, tmp_path: Path) -> None:
    """A picture from before never passes for the present."""
    with fresh_line(tmp_path) as place, running_dashboard(place.environment, tmp_path) as address:
        seed_parts(place.line, count=5, ends=place.line.now - timedelta(seconds=30))
        next_part(place.line, "line1-side", 5, datetime.now(UTC) + timedelta(seconds=60))
        page = opened(browser, address)
        stale = page.locator('.tile.stale[data-camera="line1-top"]')
        expect(stale.locator(".stale-words")).to_contain_text("no frame for")
        expect(stale.locator(".decision")).to_be_hidden()
        expect(page.locator('.tile.stale[data-camera="line1-side"]')).to_have_count(0)
        page.context.close()


def test_a_fresh_install_shows_the_next_step_and_then_how_far_training_is(
    browser: Browser, empty: Place, tmp_path: Path
) -> None:
    """Nobody stands before an empty page."""
    with running_dashboard(empty.environment, tmp_path) as address:
        page = opened(browser, address)
        expect(page.get_by_text("Nothing is inspected yet")).to_be_visible()
        expect(page.get_by_text("make demo")).to_be_visible()
        training(empty.line, 0.43)
        expect(page.get_by_text("43 %")).to_be_visible()
        expect(page.get_by_text("stage 1: classifier")).to_be_visible()
        page.context.close()


def test_without_postgres_the_last_picture_stays_and_the_remedy_is_shown(browser: Browser, tmp_path: Path) -> None:
    """What is shown is from when, what still works, what to do; never a traceback; and it heals by itself."""
    with fresh_line(tmp_path) as place, running_dashboard(place.environment, tmp_path) as address:
        seed_parts(place.line, count=5)
        page = opened(browser, address)
        expect(page.locator(".tile .picture[data-shown]")).to_have_count(2)
        close_to_all(place, closed=True)
        expect(page.get_by_text("Postgres does not answer.")).to_be_visible()
        expect(page.get_by_text("Check DATABASE_URL", exact=False).first).to_be_visible()
        expect(page.locator(".tile .picture[data-shown]")).to_have_count(2)
        assert "Traceback" not in page.content()
        close_to_all(place, closed=False)
        expect(page.get_by_text("Postgres does not answer.")).to_have_count(0)
        page.context.close()


def test_a_dashboard_started_without_postgres_says_so_on_every_page(browser: Browser, tmp_path: Path) -> None:
    """Nothing was ever seen, and still no traceback."""
    environment = {"DATABASE_URL": "postgresql+psycopg2://nobody@127.0.0.1:9/line", "ARTIFACT_URL": str(tmp_path)}
    with running_dashboard(environment, tmp_path) as address:
        for place in ("", "/defects", "/health"):
            page = opened(browser, address + place)
            assert "127.0.0.1" not in page.inner_text("body")
            expect(page.get_by_text("Postgres does not answer", exact=False).first).to_be_visible()
            assert "Traceback" not in page.content()
            page.context.close()


def test_the_wall_has_no_navigation_and_fills_the_screen(browser: Browser, address: str) -> None:
    """`?wall=1` is for the screen in the hall."""
    page = opened(browser, f"{address}/?wall=1", 1920, 1080, "dark")
    expect(page.locator(".wall.big .picture[data-shown]")).to_have_count(2)
    expect(page.get_by_role("link", name="Defects")).to_have_count(0)
    page.wait_for_timeout(1200)
    boxes = [page.locator(".tile").nth(number).bounding_box() for number in range(2)]
    assert sum(box["width"] * box["height"] for box in boxes if box) > 0.9 * 1920 * 1080
    page.context.close()


@pytest.mark.parametrize(
    ("address_end", "width", "height"), [("", 1280, 800), ("", 1920, 1080), ("?wall=1", 1920, 1080)]
)
def test_sixteen_cameras_fit_the_screen_and_no_word_is_cut_off(
    browser: Browser, tmp_path: Path, address_end: str, width: int, height: int
) -> None:
    """Verdict and score of each, without scrolling, on a bench and on a wall."""
    with fresh_line(tmp_path) as place, running_dashboard(place.environment, tmp_path) as address:
        line = replace(place.line, cameras={f"line{number}-side": "gear" for number in range(10, 26)})
        seed_parts(line, count=4)
        page = opened(browser, f"{address}/{address_end}", width, height)
        expect(page.locator(".tile.narrow .picture[data-shown]")).to_have_count(16)
        assert page.locator(".tile").evaluate_all(CUT_OFF) == []
        boxes = [tile.bounding_box() for tile in page.locator(".tile").all()]
        assert all(box and box["x"] + box["width"] <= width and box["y"] + box["height"] <= height for box in boxes)
        picture = page.locator(".tile .picture").first.bounding_box()
        assert picture
        assert picture["height"] > 0.6 * max(box["height"] for box in boxes if box)
        page.context.close()


def test_a_page_whose_server_stopped_no_longer_looks_live(browser: Browser, seeded: Place, tmp_path: Path) -> None:
    """The browser itself notices that nothing comes any more."""
    with running_dashboard(seeded.environment, tmp_path) as address:
        page = opened(browser, address)
        expect(page.locator(".tile .picture[data-shown]")).to_have_count(2)
    expect(page.locator(".tile.stale .stale-words").first).to_contain_text("no news for")
    page.context.close()


def close_to_all(place: Place, closed: bool) -> None:
    name = place.engine.url.database
    server = place.engine.url.set(database="postgres")
    place.engine.dispose()
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"alter database {name} allow_connections {'false' if closed else 'true'}"))
        if closed:
            connection.execute(text(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"))
    engine.dispose()
