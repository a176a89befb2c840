"""One seeded line, one dashboard and one browser for all tests that only look."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit
from playwright.sync_api import Browser

from tests.dashboard.places import Place, chromium, fresh_line, running_dashboard
from tests.dashboard.seed import seed_parts


@pytest.fixture
def fresh_caches() -> Iterator[None]:
    """For pages that run in this process: what an earlier test's line told them is forgotten."""
    streamlit.cache_resource.clear()
    streamlit.cache_data.clear()
    yield
    streamlit.cache_resource.clear()
    streamlit.cache_data.clear()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with fresh_line(tmp_path_factory.mktemp("line")) as place:
        seed_parts(place.line, count=60)
        yield place


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with fresh_line(tmp_path_factory.mktemp("line")) as place:
        yield place


@pytest.fixture(scope="module")
def address(seeded: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("dashboard")
    with running_dashboard(seeded.environment, folder) as url:
        yield url
