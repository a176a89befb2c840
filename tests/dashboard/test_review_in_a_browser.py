"""The page Review in a real browser: thirty parts by keyboard, two reviewers, a missed defect."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import func, select

from core.adapters.schema import inspection
from core.adapters.schema_reviews import review
from core.review import Judgement
from core.verdict import Decision
from dashboard.read_models import PartKey
from dashboard.review.bookings import frame_key, row_key
from tests.dashboard.places import Place, fresh_line, opened, running_dashboard
from tests.dashboard.seed import seed_parts

pytestmark = [pytest.mark.server, pytest.mark.slow]

PARTS = 30
SLOWEST_S = 60.0
"""Thirty parts a minute is what is promised."""
SEVER = "() => { [...document.querySelectorAll('*')].map((each) => each.shadowRoot?.querySelector('.desk') ?? null)"
SEVER += ".concat([document.querySelector('.desk')]).forEach((desk) => { if (desk) desk.__send = () => {}; }); }"
"""What is booked from now on does not leave this page."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with fresh_line(tmp_path_factory.mktemp("line")) as made:
        seed_parts(made.line, count=75)
        yield made


@pytest.fixture(scope="module")
def address(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_dashboard(place.environment, tmp_path_factory.mktemp("dashboard")) as url:
        yield url


def desk_of(page: Page) -> Locator:
    desk = page.locator(".desk")
    expect(desk.locator(".picture[data-shown]").first).to_be_visible()
    return desk


def said_rows(place: Place) -> list[str]:
    with place.engine.connect() as connection:
        return list(connection.scalars(select(review.c.judgement).order_by(review.c.id)))


def newest_key(place: Place, decision: Decision, kept: bool) -> PartKey:
    named = inspection.c.frame_uri != "" if kept else inspection.c.frame_uri == ""
    query = select(inspection).where(inspection.c.decision == decision.value, named)
    with place.engine.connect() as connection:
        row = connection.execute(query.order_by(inspection.c.captured_at.desc())).first()
    assert row
    return PartKey(row.captured_at, row.camera, row.start_id, row.sequence)


def test_thirty_parts_a_minute_by_keyboard_and_no_key_of_a_burst_is_lost(
    browser: Browser, address: str, place: Place
) -> None:
    """Ten keys at fifty milliseconds, then the rest at the pace of a person; every one is a row."""
    page = opened(browser, f"{address}/review")
    desk = desk_of(page)
    started = time.monotonic()
    for key in ("a", "d", "1", "u", "a", "d", "2", "d", "d", "a"):
        page.keyboard.press(key)
        page.wait_for_timeout(50)
    for number in range(PARTS - 7):
        page.keyboard.press("au"[number % 2])
        page.wait_for_timeout(100)
    expect(desk).to_have_attribute("data-judged", str(PARTS), timeout=60_000)
    expect(desk).to_have_attribute("data-pending", "0", timeout=60_000)
    took = time.monotonic() - started
    rows = said_rows(place)
    assert rows[:7] == ["good", "defect", "unsure", "good", "defect", "defect", "good"]
    assert len(rows) == PARTS
    assert took < SLOWEST_S
    with place.engine.connect() as connection:
        once = select(func.count()).select_from(select(review.c.camera, review.c.sequence).distinct().subquery())
        assert connection.scalar(once) == PARTS
        kinds = connection.scalars(select(review.c.kind).where(review.c.judgement == "defect").order_by(review.c.id))
        assert kinds.all() == ["scratch", "dent", ""]
    page.keyboard.press("z")
    expect(desk).to_have_attribute("data-judged", str(PARTS - 1))
    expect(desk).to_have_attribute("data-pending", "0")
    assert said_rows(place)[-1] == "withdrawn"
    page.context.close()


def test_of_two_reviewers_the_second_sees_what_the_first_said(browser: Browser, address: str, place: Place) -> None:
    """Nothing is overwritten; whoever disagrees says so once more."""
    key = newest_key(place, Decision.OK, kept=True)
    pages = [opened(browser, f"{address}/review?part={key}") for _ in range(2)]
    first, second = (desk_of(page) for page in pages)
    for desk in (first, second):
        expect(desk).to_have_attribute("data-part", str(key))
    pages[0].keyboard.press("a")
    expect(first).to_have_attribute("data-pending", "0")
    pages[1].keyboard.press("d")
    pages[1].keyboard.press("3")
    expect(second.locator(".banner")).to_contain_text("was faster and said: good")
    assert [each.opinion.judgement for each in place.line.ledger.reviews_of(frame_key(key))] == [Judgement.GOOD]
    pages[1].keyboard.press("ArrowRight")
    expect(second).to_have_attribute("data-part", str(key))
    pages[1].keyboard.press("d")
    pages[1].keyboard.press("3")
    expect(second).to_have_attribute("data-pending", "0")
    newest, oldest = place.line.ledger.reviews_of(frame_key(key))
    assert (newest.opinion.judgement, newest.opinion.kind, oldest.opinion.judgement) == (
        Judgement.DEFECT, "stain", Judgement.GOOD,
    )  # fmt: skip
    for page in pages:
        page.context.close()


def test_what_was_judged_is_booked_though_another_page_was_opened_at_once(
    browser: Browser, address: str, place: Place
) -> None:
    """The desk outlives its page: nothing is lost and nothing is booked twice."""
    before = len(said_rows(place))
    page = opened(browser, f"{address}/review")
    desk = desk_of(page)
    page.keyboard.press("a")
    expect(desk).to_have_attribute("data-pending", "0")
    page.evaluate(SEVER)
    for key in "ua":
        page.keyboard.press(key)
    expect(desk).to_have_attribute("data-judged", "3")
    page.get_by_role("link", name="Health").click()
    expect(desk).to_have_count(0)
    page.get_by_role("link", name="Review").click()
    expect(desk).to_have_attribute("data-judged", "3")
    expect(desk).to_have_attribute("data-pending", "0")
    page.wait_for_timeout(500)
    assert said_rows(place)[before:] == ["good", "unsure", "good"]
    page.context.close()


def test_a_missed_defect_is_reported_of_a_part_whose_frame_was_not_kept(
    browser: Browser, address: str, place: Place
) -> None:
    """It counts as a miss; without a picture it is not golden."""
    key = newest_key(place, Decision.OK, kept=False)
    page = opened(browser, f"{address}/review?part={key}")
    desk = page.locator(".desk")
    expect(desk).to_have_attribute("data-part", str(key))
    expect(desk.locator(".frames .absent").first).to_contain_text("The frame was not kept")
    page.keyboard.press("d")
    page.keyboard.press("1")
    expect(desk).to_have_attribute("data-judged", "1")
    expect(desk).to_have_attribute("data-pending", "0")
    (missed,) = place.line.ledger.reviews_of(frame_key(key))
    assert (missed.opinion.kind, missed.decision, missed.frame_uri) == ("scratch", "OK", "")
    assert missed.sha256 not in [golden.sha256 for golden in place.line.ledger.golden(missed.product)]
    page.context.close()


def test_a_mask_can_be_drawn(browser: Browser, address: str, place: Place) -> None:
    """The drawn one is kept instead of the map's."""
    key = newest_key(place, Decision.NG, kept=True)
    page = opened(browser, f"{address}/review?part={key}")
    desk = desk_of(page)
    expect(desk).to_have_attribute("data-part", str(key))
    page.keyboard.press("p")
    box = desk.locator(".frames .picture").first.bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1])
    page.mouse.up()
    page.keyboard.press("d")
    page.keyboard.press("1")
    expect(desk).to_have_attribute("data-judged", "1")
    expect(desk).to_have_attribute("data-pending", "0")
    newest = place.line.ledger.reviews_of(frame_key(key))[0]
    mask = cv2.imdecode(np.frombuffer(newest.opinion.mask_png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert mask.shape == (512, 512)
    rows, columns = np.nonzero(mask)
    assert 240 < rows.mean() < 272
    assert columns.max() > 290
    page.context.close()


def test_two_reviewers_do_not_look_at_the_same_part(
    browser: Browser, address: str, place: Place, tmp_path: Path
) -> None:
    """Whoever comes second gets the next parts; what the first leaves comes back by itself."""
    first_page = opened(browser, f"{address}/review")
    first = desk_of(first_page)
    with running_dashboard(place.environment | {"DASHBOARD_LOCAL_NAME": "bob"}, tmp_path) as other:
        second_page = opened(browser, f"{other}/review")
        second = desk_of(second_page)
        expect(second.locator(".count")).to_contain_text("before other reviewers")
        held = place.line.ledger.held(datetime.now(UTC))
        of_bob = {str(row_key(lease.part)) for lease in held if lease.who == "bob"}
        of_others = {str(row_key(lease.part)) for lease in held if lease.who != "bob"}
        assert second.get_attribute("data-part") in of_bob
        assert first.get_attribute("data-part") in of_others
        assert not of_bob & of_others
        second_page.keyboard.press("a")
        expect(second).to_have_attribute("data-pending", "0")
        second_page.context.close()
    first_page.context.close()
