"""The Models page as an engineer uses it; the test is the retrain station."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.request import RequestKind, RequestState
from dashboard.apart.read_models import apart, side_by_side
from dashboard.apart.tiles import words_of
from dashboard.views.compared import PAGE
from tests.dashboard.places import Place, fresh_line, opened, running_dashboard
from tests.dashboard.seed import seed_parts
from tests.dashboard.seed_nights import seed_disagreements, seed_nights
from tests.dashboard.seed_weeks import newer_model, seed_weeks

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, str]]:
    folder: Path = tmp_path_factory.mktemp("line")
    with fresh_line(folder) as place, running_dashboard(place.environment, folder) as address:
        seed_weeks(place.line, days=7)
        yield place, address


def test_a_rollback_is_asked_for_and_its_answer_is_shown(browser: Browser, running: tuple[Place, str]) -> None:
    """A request row with who and why; the page never changes the model itself."""
    place, address = running
    ledger = place.line.ledger
    active = ledger.active()["gear"].model.id
    page = opened(browser, f"{address}/models")
    page.get_by_label("reason").fill("night's model rejects good parts")
    page.get_by_role("button", name="Roll back to the one before").click()
    expect(page.get_by_text("waits", exact=True)).to_be_visible()
    assert ledger.active()["gear"].model.id == active
    request = ledger.take_request(datetime.now(UTC), "test")
    assert request is not None
    assert (request.kind, request.why) == (RequestKind.ROLLBACK, "night's model rejects good parts")
    earlier = ledger.promotions("gear", 5)[1].model_version_id
    ledger.promote(earlier, datetime.now(UTC), request.who, request.why)
    ledger.answer(request.id, RequestState.DONE, f"model {earlier} judges again", datetime.now(UTC))
    expect(page.get_by_text(f"model {earlier} judges again", exact=False)).to_be_visible()
    page.context.close()


def test_without_a_reason_nothing_is_asked(browser: Browser, running: tuple[Place, str]) -> None:
    """And the page says so."""
    place, address = running
    before = len(place.line.ledger.requests("gear", 10))
    page = opened(browser, f"{address}/models")
    page.get_by_role("button", name="Retrain now").click()
    expect(page.get_by_text("Say why", exact=False)).to_be_visible()
    assert len(place.line.ledger.requests("gear", 10)) == before
    page.context.close()


def test_two_versions_are_compared_on_the_parts_they_both_scored(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The worst disagreement first, as a picture with both words; the other parts by the arrow keys."""
    folder: Path = tmp_path_factory.mktemp("compared")
    with fresh_line(folder) as place, running_dashboard(place.environment, folder) as address:
        seed_parts(place.line, count=60)
        judging = place.line.ledger.active()["gear"].model.id
        beside = newer_model(place.line, place.line.now - timedelta(days=2)).model_version_id
        seed_disagreements(place.line, seed_nights(place.line, judging, beside))
        (run,) = side_by_side(place.engine, "gear")
        first, second = apart(place.engine, run, None, 2)
        page = opened(browser, f"{address}/models")
        tiles = page.locator(".gallery button")
        expect(tiles).to_have_count(PAGE)
        expect(tiles.first.locator(".line")).to_have_text(
            [words_of(judging, first.judging), words_of(beside, first.beside)]
        )
        expect(tiles.first.locator("img")).to_be_visible()
        expect(page.get_by_text(words_of(judging, first.judging), exact=False).last).to_be_visible()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("link", name="full story")).to_have_attribute("href", f"part?part={second.key.in_link}")
        page.get_by_role("button", name="Milder").click()
        expect(tiles).to_have_count(run.apart - PAGE)
        expect(page.get_by_text("Quality over the nights")).to_be_visible()
        expect(
            page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first
        ).to_be_visible()
        page.context.close()
