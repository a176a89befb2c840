"""Login as people have it in front of them: a real provider, a real browser, a dashboard that asks for it."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

import pytest
from playwright.sync_api import Browser, Page, expect

from core.adapters.audit_rows import audit_entries
from core.audit import AuditFilter
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


def save_limits(page: Page, gate: Gate, why: str) -> None:
    page.goto(f"{gate.address}/thresholds")
    times = page.get_by_label("reject from, times the present one")
    times.fill("1.2")
    times.press("Enter")
    expect(page.get_by_text("No longer rejected", exact=False)).to_be_visible()
    page.get_by_placeholder("why these limits").fill(why)
    page.get_by_role("button", name="Save these limits").click()


def test_a_change_is_refused_without_its_role_and_audited_by_name_with_it(
    browser: Browser, gate: Gate, seeded: Place
) -> None:
    """The service refuses, whatever the page offers; with the role, the audit names who was logged in."""
    ledger = seeded.line.ledger
    before = ledger.active()["gear"].threshold
    page = log_in(browser, gate, roles=["operator", "engineer"])
    expect(page.get_by_text("engineer, operator")).to_be_visible()
    save_limits(page, gate, "I may not")
    expect(page.get_by_text("needs the role quality", exact=False)).to_be_visible()
    assert ledger.active()["gear"].threshold == before
    page.context.close()
    page = log_in(browser, gate, roles=["quality"])
    expect(page.get_by_text("anna@plant.example · quality")).to_be_visible()
    save_limits(page, gate, "scratches are harmless")
    expect(page.get_by_text("scratches are harmless")).to_be_visible()
    (entry, *_) = audit_entries(seeded.engine, AuditFilter(what="threshold"), 9)
    assert (entry.who, entry.why) == ("anna@plant.example", "scratches are harmless")
    assert entry.new is not None
    assert entry.new["reject_from"] == pytest.approx(1.2 * before.reject_from)
    page.context.close()


def test_neither_page_nor_log_holds_a_secret_of_the_login(gate: Gate, browser: Browser) -> None:
    """Whatever was done before: not the client's, not the cookie's."""
    page = log_in(browser, gate, roles=["quality"])
    expect(page.get_by_text("anna@plant.example · quality")).to_be_visible()
    cookie_secret = tomllib.loads((gate.log.parent / "login.toml").read_text())["auth"]["cookie_secret"]
    for secret in (CLIENT_SECRET, cookie_secret):
        assert secret not in page.content()
        assert secret not in gate.log.read_text()
    page.context.close()
