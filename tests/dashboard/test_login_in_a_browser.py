"""Login as people have it in front of them: a real provider, a real browser, a dashboard that asks for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

import pytest
from playwright.sync_api import Browser, Page, expect

from line.services.daemon import free_port
from tests.dashboard.login_provider import CLIENT_ID, CLIENT_SECRET, LoginProvider, login_provider
from tests.dashboard.places import Place, opened, running_dashboard

pytestmark = [pytest.mark.server, pytest.mark.slow]
ANNA = {"sub": "u-17", "email": "anna@plant.example", "email_verified": True}


@dataclass(frozen=True)
class Gate:
    """A dashboard behind a login: its address, its provider, its log."""

    address: str
    provider: LoginProvider
    log: Path


@contextmanager
def gated(place: Place, folder: Path) -> Iterator[Gate]:
    port = free_port()
    with login_provider() as provider:
        login = folder / "login.toml"
        login.write_text(
            f'[auth]\nclient_id = "{CLIENT_ID}"\nclient_secret = "{CLIENT_SECRET}"\n'
            f'cookie_secret = "{token_urlsafe(40)}"\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\n'
            f'server_metadata_url = "{provider.issuer}/.well-known/openid-configuration"\n'
        )
        environment = place.environment | {"DASHBOARD_LOGIN_FILE": str(login), "DASHBOARD_ROLES_CLAIM": "roles"}
        with running_dashboard(environment, folder, port) as address:
            yield Gate(address, provider, folder / "dashboard.log")


@pytest.fixture(scope="module")
def gate(seeded: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with gated(seeded, tmp_path_factory.mktemp("gate")) as running:
        yield running


def log_in(browser: Browser, gate: Gate, lasts_s: float = 600.0, **claims: object) -> Page:
    gate.provider.claims, gate.provider.lasts_s = ANNA | claims, lasts_s
    page = opened(browser, gate.address)
    page.get_by_role("button", name="Log in").click()
    return page


def test_nobody_sees_anything_of_the_line_before_the_login(browser: Browser, gate: Gate) -> None:
    """No picture, no name of a camera, no page."""
    page = opened(browser, gate.address)
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert "line1-top" not in page.content()
    assert page.get_by_role("link", name="Defects").count() == 0
    page.goto(f"{gate.address}/defects")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert "line1-top" not in page.content()
    page.context.close()


def test_after_the_login_the_page_says_who_looks_with_which_roles(browser: Browser, gate: Gate) -> None:
    """And shows the line."""
    page = log_in(browser, gate, roles=["quality", "operator", "unknown"])
    expect(page.get_by_text("anna@plant.example · operator, quality")).to_be_visible()
    expect(page.locator('.tile[data-camera="line1-top"]')).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    page.context.close()


def test_without_a_role_one_may_look_and_is_told_whom_to_ask(browser: Browser, gate: Gate) -> None:
    """Also where the address is not verified: then the subject is the name."""
    page = log_in(browser, gate, email_verified=False)
    expect(page.get_by_text("u-17 · no role")).to_be_visible()
    expect(page.get_by_text("ask an engineer of this line for a role")).to_be_visible()
    expect(page.locator('.tile[data-camera="line1-top"]')).to_be_visible()
    page.context.close()


def test_an_open_page_ends_with_its_login(browser: Browser, gate: Gate) -> None:
    """What it showed goes away by itself, and it says why."""
    page = log_in(browser, gate, lasts_s=20.0, roles=["engineer"])
    expect(page.locator('.tile[data-camera="line1-top"]')).to_be_visible()
    expect(page.get_by_text("Your login ended at")).to_be_visible(timeout=60_000)
    expect(page.locator('.tile[data-camera="line1-top"]')).to_have_count(0)
    page.reload()
    expect(page.get_by_text("Your login ended at")).to_be_visible()
    page.context.close()
