"""Keys on the page Review: none is lost by what was clicked before, and none counts twice."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from core.adapters.schema_reviews import review
from core.product import Product
from line.seed.parts import RECIPE
from tests.dashboard.places import Place, fresh_line, opened, running_dashboard
from tests.dashboard.seed import CAMERAS, seed_parts

pytestmark = [pytest.mark.server, pytest.mark.slow]

KINDS = tuple(f"kind-{number}" for number in range(1, 12))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with fresh_line(tmp_path_factory.mktemp("line")) as made:
        seed_parts(replace(made.line, cameras=CAMERAS | {"line2-top": "bracket"}), count=40)
        for name in ("gear", "bracket"):
            recipe = replace(RECIPE, defect_kinds=KINDS if name == "gear" else KINDS[:2])
            made.line.ledger.save_product(Product(name, recipe), datetime.now(UTC), "petra", "kinds")
        yield made


@pytest.fixture(scope="module")
def address(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_dashboard(place.environment, tmp_path_factory.mktemp("dashboard")) as url:
        yield url


def desk_at(browser: Browser, address: str, product: str = "") -> tuple[Page, Locator]:
    page = opened(browser, f"{address}/review")
    desk = page.locator(".desk")
    expect(desk.locator(".picture[data-shown]").first).to_be_visible()
    if product:
        choose(page, desk, product)
    return page, desk


def choose(page: Page, desk: Locator, product: str) -> None:
    page.get_by_role("combobox").first.press("ArrowDown")
    page.get_by_role("option", name=product, exact=True).click()
    expect(desk).to_have_attribute("data-scope", product)


def newest_kind(place: Place) -> str | None:
    with place.engine.connect() as connection:
        return connection.scalar(select(review.c.kind).order_by(review.c.id.desc()))


@pytest.mark.parametrize("box", ["on", "actual", "draws"])
def test_a_key_after_a_ticked_box_is_not_lost(browser: Browser, address: str, box: str) -> None:
    """The box keeps the focus."""
    page, desk = desk_at(browser, address)
    desk.locator(f"input.{box}").click()
    page.keyboard.press("a")
    expect(desk).to_have_attribute("data-judged", "1")
    page.context.close()


def test_a_key_after_the_choice_of_a_product_is_not_lost(browser: Browser, address: str) -> None:
    """The field in which it was chosen would take it."""
    page, desk = desk_at(browser, address, "bracket")
    page.keyboard.press("a")
    expect(desk).to_have_attribute("data-judged", "1")
    page.context.close()


def test_with_caps_lock_the_keys_are_the_same(browser: Browser, address: str) -> None:
    """Nobody looks at the keyboard."""
    page, desk = desk_at(browser, address)
    page.keyboard.press("A")
    expect(desk).to_have_attribute("data-judged", "1")
    page.context.close()


def test_a_key_that_is_held_down_judges_one_part(browser: Browser, address: str) -> None:
    """A hand that rests on a key accepts no parts that nobody has seen."""
    page, desk = desk_at(browser, address)
    for _ in range(10):
        page.keyboard.down("a")
        page.wait_for_timeout(50)
    page.keyboard.up("a")
    expect(desk).to_have_attribute("data-pending", "0")
    expect(desk).to_have_attribute("data-judged", "1")
    page.context.close()


def test_a_number_without_a_kind_leaves_the_question_open(browser: Browser, address: str, place: Place) -> None:
    """The defect was confirmed already: it is not taken back because a finger slipped."""
    page, desk = desk_at(browser, address, "bracket")
    page.keyboard.press("d")
    page.keyboard.press("7")
    expect(desk.locator(".kinds")).to_be_visible()
    page.keyboard.press("2")
    expect(desk).to_have_attribute("data-judged", "1")
    expect(desk).to_have_attribute("data-pending", "0")
    assert newest_kind(place) == "kind-2"
    page.context.close()


def test_kinds_beyond_the_ninth_are_buttons(browser: Browser, address: str, place: Place) -> None:
    """Only their keys are missing."""
    page, desk = desk_at(browser, address, "gear")
    page.keyboard.press("d")
    expect(desk.locator(".kinds button")).to_have_count(len(KINDS))
    desk.locator(".kinds button").nth(10).click()
    expect(desk).to_have_attribute("data-judged", "1")
    expect(desk).to_have_attribute("data-pending", "0")
    assert newest_kind(place) == "kind-11"
    page.context.close()
