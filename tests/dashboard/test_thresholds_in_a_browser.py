"""The Thresholds page as a quality engineer uses it, with a worker that judges meanwhile."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic

import pytest
from playwright.sync_api import Browser, Page, expect

from core.frame import FrameId
from core.review import Judgement, Opinion, PartKey
from core.verdict import Threshold
from dashboard.review.bookings import frame_key
from dashboard.thresholds.read_models import confirmed, defects_below, limits_history, parts_between, score_counts
from tests.dashboard.places import Place, fresh_line, opened, running_dashboard
from tests.dashboard.seed import seed_parts
from tests.dashboard.seed_weeks import seed_weeks
from tests.worker.in_memory_line import GreyDetector, at_once
from worker.model_slot import ModelSlot

pytestmark = [pytest.mark.server, pytest.mark.slow]
WITHIN_S = 2.5


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, str]]:
    """Weeks behind it, and its dashboard."""
    folder = tmp_path_factory.mktemp("line")
    with fresh_line(folder) as place, running_dashboard(place.environment, folder) as address:
        seed_weeks(place.line, days=14)
        seed_parts(place.line, count=12)
        yield place, address


def limits_of_a_worker(place: Place) -> Callable[[Threshold], bool]:
    """Whether a worker on this line judges by these limits within two seconds and a half."""
    slot = ModelSlot(place.line.ledger, lambda _: GreyDetector(), monotonic, at_once)
    slot.first_look()
    slot.refresh()

    def judges_by(limits: Threshold) -> bool:
        ends = monotonic() + WITHIN_S
        while monotonic() < ends:
            slot.refresh()
            found = slot.serving()["gear"].active.threshold
            if abs(found.reject_from - limits.reject_from) < 1e-6 * abs(limits.reject_from):
                return True
            Event().wait(0.05)
        return False

    return judges_by


def thresholds(browser: Browser, address: str) -> Page:
    page = opened(browser, f"{address}/thresholds")
    expect(page.locator(".limits .handle")).to_have_count(2)
    return page


def saved(page: Page, why: str) -> None:
    page.get_by_placeholder("why these limits").fill(why)
    page.get_by_role("button", name="Save these limits").click()


def test_a_typed_limit_judges_within_seconds_and_an_earlier_one_can_be_taken_again(
    browser: Browser, running: tuple[Place, str]
) -> None:
    """Without a restart; each change is a row with who, when and why."""
    place, address = running
    before = place.line.ledger.active()["gear"].threshold
    judges_by = limits_of_a_worker(place)
    assert judges_by(before)
    page = thresholds(browser, address)
    times = page.get_by_label("reject from, times the present one")
    times.fill("1.2")
    times.press("Enter")
    expect(page.get_by_text("No longer rejected", exact=False)).to_be_visible()
    saved(page, "scratches below 3 are harmless")
    expect(page.get_by_text("scratches below 3 are harmless")).to_be_visible()
    assert judges_by(Threshold(before.review_from, before.reject_from * 1.2))
    row = limits_history(place.engine, "gear", 1)[0]
    assert (row.why, bool(row.who), (datetime.now(UTC) - row.at).total_seconds() < 60) == (
        "scratches below 3 are harmless", True, True,
    )  # fmt: skip
    page.get_by_role("button", name="Take").first.click()
    expect(page.get_by_label("reject from, as score")).to_have_value(f"{before.reject_from:g}")
    saved(page, "they were not")
    expect(page.get_by_text("they were not")).to_be_visible()
    assert judges_by(before)
    page.context.close()


def test_a_limit_is_dragged_and_says_at_once_what_it_would_mean(browser: Browser, running: tuple[Place, str]) -> None:
    """Before the hand lets go; a save without a reason changes nothing."""
    place, address = running
    held = place.line.ledger.active()["gear"].threshold
    page = thresholds(browser, address)
    effects = page.locator(".limits .effects li").first
    expect(effects).to_contain_text("\u00b10.00")
    box = page.locator('.limits .handle[data-limit="reject"] .grip').bounding_box()
    assert box
    page.mouse.move(box["x"] + 6, box["y"] - 40)
    page.mouse.down()
    page.mouse.move(box["x"] - 250, box["y"] - 40, steps=5)
    expect(effects).to_contain_text("+")
    page.mouse.up()
    expect(page.get_by_text("Rejected now", exact=False)).to_be_visible()
    page.get_by_role("button", name="Save these limits").click()
    expect(page.get_by_text("Say why", exact=False)).to_be_visible()
    assert place.line.ledger.active()["gear"].threshold == held
    page.context.close()


def test_what_the_page_reads_is_what_the_line_recorded(running: tuple[Place, str]) -> None:
    """Counts of scores, the parts behind them, and what people said of them."""
    place = running[0]
    engine, active = place.engine, place.line.ledger.active()["gear"]
    now = datetime.now(UTC)
    since = now.replace(hour=0, minute=0, second=0, microsecond=0)
    version = active.model.id
    counted = sum(count.frames for count in score_counts(engine, "gear", version, since, now))
    parts = parts_between(engine, "gear", version, (-100.0, 100.0), since, 10_000)
    assert counted == len(parts) > 0
    scores = [part.outcome.score for part in parts]  # type: ignore[union-attr]
    assert scores == sorted(scores, reverse=True)
    for part, judgement in zip(parts, (Judgement.DEFECT, Judgement.GOOD), strict=False):
        key = PartKey(part.key.captured_at, FrameId(part.key.camera, part.key.start_id, part.key.sequence))
        place.line.ledger.add_review(key, Opinion(judgement), 0, now, "omar")
    said = confirmed(engine, "gear", version, since)
    assert [each.is_defect for each in said] == [True, False]


def test_confirmed_defects_that_would_pass_are_shown(browser: Browser, running: tuple[Place, str]) -> None:
    """All of them below the review limit as it is typed, and no part that people called good."""
    place, address = running
    engine, active = place.engine, place.line.ledger.active()["gear"]
    since = place.line.now - timedelta(days=7)
    version, limits = active.model.id, active.threshold
    pictured = [part for part in parts_between(engine, "gear", version, (2.6, 100.0), since, 100) if part.frame_uri]
    ng = [part for part in pictured if not place.line.ledger.reviews_of(frame_key(part.key))]
    known = {str(part.key) for part in defects_below(engine, "gear", version, 10 * limits.review_from, since, 24)}
    for part, judgement in zip(ng, (Judgement.DEFECT, Judgement.GOOD), strict=False):
        key = frame_key(part.key)
        place.line.ledger.add_review(key, Opinion(judgement), 0, datetime.now(UTC), "omar")
    assert defects_below(engine, "gear", version, limits.review_from, since, 24) == []
    page = thresholds(browser, address)
    expect(page.get_by_text("Confirmed defects that would pass unseen")).to_have_count(0)
    times = page.get_by_label("review from, times the present one")
    times.fill("10")
    times.press("Enter")
    expect(page.get_by_text("Confirmed defects that would pass unseen")).to_be_visible()
    expected = {str(ng[0].key)}
    found = {str(part.key) for part in defects_below(engine, "gear", version, 10 * limits.review_from, since, 24)}
    assert found == known | expected
    for key in expected:
        expect(page.locator(f'.gallery button[data-part="{key}"]').last).to_be_visible()
    page.context.close()
