"""What can be read, and what a page offers, as the browser draws it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, expect

from core.access import Person
from core.shift import MasterPart
from core.shift_service import add_master, begin_check, record_step
from core.verdict import Decision
from dashboard.shift.page_data import seen_of
from dashboard.story.read_models import DefectFilter, newest_parts
from dashboard.theme import contrast
from tests.dashboard.places import Place, fresh_line, opened, running_dashboard
from tests.dashboard.seed import seed_parts

pytestmark = [pytest.mark.server, pytest.mark.slow]

QUINN = Person.at_this_machine("quinn")
COLOURS = (
    "element => ['color', 'backgroundColor'].map((name) => getComputedStyle(element)[name].match(/\\d+/g).map(Number))"
)
SIZE = "element => parseFloat(getComputedStyle(element).fontSize)"
WALL_PIXELS = 24
"""Twice what the pages' text has at least."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A line on which a bad master part passed."""
    with fresh_line(tmp_path_factory.mktemp("line")) as made:
        seed_parts(made.line, count=12)
        ledger, now = made.line.ledger, datetime.now(UTC)
        master = add_master(ledger, QUINN, MasterPart(0, "gear", "cracked gear 3", True), now)
        passed = newest_parts(made.engine, DefectFilter((Decision.OK,)), None, 1)[0]
        check = begin_check(ledger, QUINN, "gear", "line1-side", now)
        record_step(ledger, QUINN, check, master, seen_of(passed), now)
        yield made


@pytest.fixture(scope="module")
def address(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_dashboard(place.environment, tmp_path_factory.mktemp("dashboard")) as url:
        yield url


def contrast_of(button: Locator) -> float:
    colour, ground = ("#{:02X}{:02X}{:02X}".format(*rgb[:3]) for rgb in button.evaluate(COLOURS))
    return contrast(colour, ground)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_button_that_goes_on_can_be_read_on_both_grounds(browser: Browser, address: str, scheme: str) -> None:
    """Its words too."""
    page = opened(browser, f"{address}/shift", scheme=scheme)
    button = page.get_by_role("button", name="It goes next")
    expect(button).to_be_visible()
    assert contrast_of(button) >= 4.5
    assert button.locator("p").evaluate(COLOURS)[0] == button.evaluate(COLOURS)[0]
    page.context.close()


def test_an_alarm_on_the_wall_is_read_from_across_the_hall(browser: Browser, address: str) -> None:
    """Its words are as large as those of the tiles, and do not lie below the edge."""
    page = opened(browser, f"{address}/?wall=1", 1920, 1080)
    words = page.get_by_test_id("stAlert").locator("p")
    expect(words).to_contain_text("known to be bad, was OK at line1-side")
    assert words.evaluate(SIZE) >= WALL_PIXELS
    expect(page.locator(".tile").first).to_be_in_viewport(ratio=1)
    page.context.close()


def test_a_part_s_story_offers_no_keys_that_do_nothing(browser: Browser, address: str, place: Place) -> None:
    """Arrows lead from part to part where there is a gallery beside; a part that is gone leads to Defects."""
    part = newest_parts(place.engine, DefectFilter(), None, 1)[0]
    page = opened(browser, f"{address}/part?part={part.key}")
    expect(page.locator(".part .hint")).to_be_visible()
    expect(page.locator(".part .turn")).to_be_hidden()
    page.goto(f"{address}/part?part=gone")
    expect(page.get_by_role("link", name="all defects")).to_be_visible()
    page.context.close()
