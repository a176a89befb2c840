"""Pages whose Postgres was away: each says that it tries again by itself, and does."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import text

from dashboard.views.trouble import RETRY_EVERY_S
from tests.dashboard.places import Place, opened

pytestmark = [pytest.mark.server, pytest.mark.slow]

PAGES = ("review", "thresholds")
MISSING = ("camera_run", "product", "model_version", "threshold")
PROMISE = "It tries again by itself."
LATEST_S = 20 * RETRY_EVERY_S


@contextmanager
def without_tables(place: Place) -> Iterator[None]:
    """As Postgres is before it was migrated, and for its pages the same as one that does not answer."""
    for name in MISSING:
        renamed(place, name, f"{name}_away")
    try:
        yield
    finally:
        for name in MISSING:
            renamed(place, f"{name}_away", name)


def renamed(place: Place, old: str, new: str) -> None:
    with place.engine.begin() as connection:
        connection.execute(text(f"alter table {old} rename to {new}"))


def promise_of(page: Page) -> Locator:
    return page.get_by_text(PROMISE)


def test_a_page_comes_back_by_itself(browser: Browser, address: str, seeded: Place) -> None:
    """Without a click."""
    with without_tables(seeded):
        pages = [opened(browser, f"{address}/{name}") for name in PAGES]
        for page in pages:
            expect(promise_of(page)).to_be_visible()
    for page in pages:
        expect(promise_of(page)).to_have_count(0, timeout=1000 * LATEST_S)
        page.context.close()
