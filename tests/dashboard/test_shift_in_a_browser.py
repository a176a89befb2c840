"""A shift's start in a real browser: a bad master part passes, and the alarm stays on Live until it is answered for."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from core.access import Person
from core.shift import MasterPart
from core.shift_service import add_master
from core.verdict import Decision
from tests.dashboard.places import Place, fresh_line, opened, running_dashboard
from tests.dashboard.seed import next_part, seed_parts

pytestmark = [pytest.mark.server, pytest.mark.slow]

BAD = MasterPart(0, "gear", "cracked gear 3", True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with fresh_line(tmp_path_factory.mktemp("line")) as made:
        seed_parts(made.line, count=12)
        add_master(made.line.ledger, Person.at_this_machine("quinn"), BAD, made.line.now)
        yield made


@pytest.fixture(scope="module")
def address(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_dashboard(place.environment, tmp_path_factory.mktemp("dashboard")) as url:
        yield url


def test_a_bad_master_part_that_passes_raises_an_alarm_until_it_is_acknowledged(
    browser: Browser, address: str, place: Place
) -> None:
    """Guided on one page, shouted on the other, kept in the audit."""
    page = opened(browser, f"{address}/shift")
    page.get_by_role("button", name="Begin a new check").click()
    page.get_by_role("button", name="It goes next").click()
    expect(page.get_by_text("Waiting for the next part")).to_be_visible()
    camera = "line1-side"
    tile = next_part(place.line, camera, 12, datetime.now(UTC))
    assert tile.decision is Decision.OK
    expect(page.get_by_text("is bad and was OK")).to_be_visible()
    check = place.line.ledger.last_check("gear", camera)
    assert check
    assert [(step.master.name, step.passed) for step in check.steps] == [(BAD.name, False)]

    page.goto(f"{address}/live")
    alarm = page.get_by_text("known to be bad, was OK at line1-side")
    expect(alarm).to_be_visible()
    page.goto(f"{address}/shift")
    page.get_by_label("Why may it go?").fill("lamp replaced")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_label("Why may it go?")).to_have_count(0)
    assert place.line.ledger.open_alarms() == []
    page.get_by_role("button", name="It goes next").click()
    expect(page.get_by_text("Waiting for the next part")).to_be_visible()
    assert next_part(place.line, camera, 13, datetime.now(UTC)).decision is Decision.NG
    expect(page.get_by_text("All 1 master parts were judged as known")).to_be_visible()
    assert place.line.ledger.open_alarms() == []
    page.context.close()
