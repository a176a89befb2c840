"""The review desk's own code in a real browser, without a server: whatever comes, no key waits for ever."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import dashboard.components

pytestmark = pytest.mark.slow

DESK = Path(dashboard.components.__path__[0]) / "review.js"
ANSWER = "const answer = (order, parts, left) => ({ results: {}, scope: '', order, left,"
ANSWER += " parts: parts.map((id) => ({ id, kinds: [] })) });"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page that knows the desk's functions."""
    page = browser.new_page()
    page.add_script_tag(content=DESK.read_text(encoding="utf-8").replace("export default function", "function mounted"))
    yield page
    page.close()


def done(page: Page, steps: str) -> Any:
    """What the steps return, done with a new desk."""
    return page.evaluate(f"() => {{ {ANSWER} const desk = newDesk(); {steps} }}")


def test_a_part_that_another_settled_before_it_arrived_is_passed_over(page: Page) -> None:
    """It never comes: the line closes behind it."""
    steps = """
        take(desk, answer(["a", "b", "c"], ["a"], 3));
        take(desk, answer(["a", "c"], ["c"], 2));
        desk.said.set("a", "good");
        forward(desk);
        return current(desk)?.id;
    """
    assert done(page, steps) == "c"


def test_while_nothing_can_be_read_the_line_stays(page: Page) -> None:
    """Away is not settled."""
    steps = """
        take(desk, answer(["a", "b", "c"], ["a"], 3));
        take(desk, answer([], [], null));
        return desk.line;
    """
    assert done(page, steps) == ["a", "b", "c"]


def test_going_back_ends_at_the_oldest_part_that_is_still_here(page: Page) -> None:
    """Parts far behind are dropped; a held key does not run into their gap."""
    steps = """
        take(desk, answer(["a", "b", "c"], ["a", "b", "c"], 3));
        desk.parts.delete("a");
        desk.at = 2;
        for (let times = 0; times < 9; times += 1) act(null, desk, "ArrowLeft");
        return current(desk)?.id;
    """
    assert done(page, steps) == "b"
