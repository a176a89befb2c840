"""The Products page as a quality engineer uses it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.access import Person
from core.changes import save_product
from core.preview import drawn_in
from core.request import RequestKind, RequestState
from line.seed.pictures import encoded, rendered_part
from model.images import decode
from retrain.preview import Previewing
from tests.dashboard.places import Place, fresh_line, opened, running_dashboard
from tests.dashboard.seed import seed_parts

pytestmark = [pytest.mark.server, pytest.mark.slow]

ADA = Person.at_this_machine("ada")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, str]]:
    folder: Path = tmp_path_factory.mktemp("line")
    with fresh_line(folder) as place, running_dashboard(place.environment, folder) as address:
        seed_parts(place.line, count=12)
        yield place, address


def test_a_region_is_drawn_and_saved_with_the_recipe(browser: Browser, running: tuple[Place, str]) -> None:
    """A worker that looks finds it there, in shares of the picture."""
    place, address = running
    page = opened(browser, f"{address}/products")
    drawing = page.locator(".regions svg")
    page.locator(".regions .frame").wait_for(timeout=90_000)
    box = drawing.bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.25 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.75 * box["height"], steps=4)
    page.mouse.up()
    expect(page.locator(".regions .count")).to_have_text("1 drawn")
    expect(page.get_by_text("Not saved yet", exact=False)).to_be_visible()
    page.get_by_label("reason").fill("the fixture's clamp shines")
    page.get_by_role("button", name="Save the recipe").click()
    expect(page.get_by_text("Not saved yet", exact=False)).to_have_count(0)
    (region,) = place.line.ledger.active()["gear"].recipe.ignore
    rights, downs = {round(corner[0], 1) for corner in region}, {round(corner[1], 2) for corner in region}
    assert rights == {0.2, 0.5} or rights == {0.3, 0.5}
    assert max(downs) - min(downs) == pytest.approx(0.5, abs=0.02)
    page.context.close()


def test_only_who_has_the_form_open_is_told_that_another_changed_it(
    browser: Browser, running: tuple[Place, str]
) -> None:
    """Whoever comes back to the page finds the recipe as it is: nothing of theirs was lost."""
    place, address = running
    (product,) = place.line.ledger.products()
    page = opened(browser, f"{address}/products")
    deadline, warning = (
        page.get_by_role("spinbutton", name="deadline, s", exact=True),
        page.get_by_text("Somebody changed"),
    )

    def changed_to(seconds: float) -> None:
        recipe = replace(product.recipe, deadline_s=seconds)
        save_product(place.line.ledger, ADA, replace(product, recipe=recipe), datetime.now(UTC), "test")

    expect(deadline).to_be_visible()
    page.get_by_role("link", name="Health").click()
    expect(deadline).to_have_count(0)
    changed_to(7.0)
    page.get_by_role("link", name="Products").click()
    expect(deadline).to_have_value("7")
    expect(page.get_by_role("button", name="Save the recipe")).to_be_visible()
    expect(warning).to_have_count(0)
    changed_to(9.0)
    page.get_by_label("reason").fill("slower plant")
    page.get_by_role("button", name="Save the recipe").click()
    expect(warning).to_be_in_viewport()
    save_product(place.line.ledger, ADA, product, datetime.now(UTC), "as before")
    page.context.close()


def test_a_first_model_is_asked_for_from_uploaded_pictures(browser: Browser, running: tuple[Place, str]) -> None:
    """They lie in the artifact store; what is no picture is left out, and said."""
    place, address = running
    page = opened(browser, f"{address}/products")
    files = [
        {"name": f"{seed}.png", "mimeType": "image/png", "buffer": encoded(rendered_part(seed, False)[0])}
        for seed in (1, 2)
    ]
    broken = {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.locator("input[type=file]").set_input_files([*files, broken])  # type: ignore[list-item]
    expect(page.get_by_text("2 pictures are ready", exact=False)).to_be_visible()
    expect(page.get_by_text("notes.png was left out", exact=False)).to_be_visible()
    page.get_by_label("why", exact=True).fill("first of its kind")
    page.get_by_role("button", name="Train a model from them").click()
    expect(page.get_by_text("train: waiting", exact=False)).to_be_visible()
    (request,) = place.line.ledger.requests("gear", 5)
    assert (request.kind, request.why) == (RequestKind.TRAIN, "first of its kind")
    assert all(place.line.artifacts.get(uri) for uri in request.details["images"])
    page.context.close()


def test_defects_are_drawn_on_good_parts_that_the_line_kept(browser: Browser, running: tuple[Place, str]) -> None:
    """The page asks, the station draws, the page shows; the test lends the station its hands."""
    place, address = running
    page = opened(browser, f"{address}/products")
    page.get_by_role("button", name="Draw defects").click()
    expect(page.get_by_text("waits for the retrain station", exact=False)).to_be_visible()
    ledger, now = place.line.ledger, datetime.now(UTC)
    requests = iter(lambda: ledger.take_request(now, "test"), None)
    request = next(each for each in requests if each.kind is RequestKind.PREVIEW_DEFECTS)
    answer = Previewing(ledger, place.line.artifacts, decode, lambda: now).answer(request)
    ledger.answer(request.id, RequestState.DONE, answer, now)
    tiles = page.locator(".gallery button")
    expect(tiles).to_have_count(len(drawn_in(answer)))
    expect(tiles.first.locator("img")).to_be_visible()
    expect(page.get_by_text("drawn defect 1", exact=False)).to_be_visible()
    page.context.close()


def test_pictures_taken_out_or_given_for_another_product_are_not_ready(
    browser: Browser, running: tuple[Place, str]
) -> None:
    """The uploader shows what a model would learn from."""
    _, address = running
    page = opened(browser, f"{address}/products")
    files = [
        {"name": f"{seed}.png", "mimeType": "image/png", "buffer": encoded(rendered_part(seed, False)[0])}
        for seed in (1, 2)
    ]
    page.locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    expect(page.get_by_text("2 pictures are ready", exact=False)).to_be_visible()
    page.get_by_test_id("stFileUploader").get_by_role("button", name="Remove").first.click()
    expect(page.get_by_text("1 pictures are ready", exact=False)).to_be_visible()
    choose_new(page, "washer")
    expect(page.get_by_text("0 pictures are ready", exact=False)).to_be_visible()
    page.context.close()


def test_what_is_half_entered_for_one_product_is_not_another_s(browser: Browser, running: tuple[Place, str]) -> None:
    """A recipe's form begins with the recipe."""
    _, address = running
    page = opened(browser, f"{address}/products")
    kinds = page.get_by_label("kinds of defects", exact=False)
    kinds.fill("porosity")
    page.get_by_label("views", exact=True).fill("line9-top")
    choose_new(page, "washer")
    expect(page.get_by_text("0 pictures are ready", exact=False)).to_be_visible()
    expect(kinds).not_to_have_value("porosity")
    expect(page.get_by_label("views", exact=True)).to_have_value("")
    page.context.close()


def test_without_a_proper_name_there_is_nowhere_to_put_pictures(browser: Browser, running: tuple[Place, str]) -> None:
    """The page says so instead of failing."""
    _, address = running
    page = opened(browser, f"{address}/products")
    choose_new(page, "no/name")
    expect(page.get_by_text("Give the product a name first", exact=False)).to_be_visible()
    expect(page.locator("input[type=file]")).to_have_count(0)
    page.context.close()


def choose_new(page: Page, name: str) -> None:
    page.get_by_role("combobox").first.press("ArrowDown")  # a click would scroll up to it, and scrolling closes it
    page.get_by_role("option", name="new product").click()
    page.get_by_label("name", exact=True).fill(name)
    page.keyboard.press("Enter")
