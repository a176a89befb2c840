"""How soon pages are there, in a browser.

Two ways to come to a page. *In a running session*: the browser shows another page of the dashboard, which has neither
charts nor pictures, and somebody clicks. *In a fresh tab*: the browser has never seen the dashboard, so that its own
boot (Streamlit's two megabytes of scripts) is in the time. Each round has a server that has just started, so that
nothing is cached on either side. A time ends when the last chart is drawn or the last picture is decoded.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic

import psutil
from playwright.sync_api import Page

from tests.dashboard.places import EMPTY_TEXT, Place, chromium, running_dashboard, running_empty_page

LOT_ADDRESS = "defects?defect_lot={lot}&defect_shares=0.9&defect_shares=3"
TREND = ".st-key-trend_box .marks"
FRESH_TAB = "fresh tab"
IN_SESSION = "in a running session"
FLOOR = "Streamlit with one line of text"
QUIET_MS = 1500
FORGOTTEN_MS = 11_000
PATIENCE_MS = 120_000


@dataclass(frozen=True)
class Scenario:
    """One page: its address, what is done in a running session, and how one sees that all is there."""

    name: str
    address: str
    prepare: Callable[[Page], None]
    act: Callable[[Page], None]
    is_there: Callable[[Page], None]


@dataclass(frozen=True)
class Time:
    """One round; processor seconds are those of the server and of the browser, which a busy machine does not change."""

    scenario: str
    way: str
    seconds: float
    server_cpu_s: float
    browser_cpu_s: float
    load: float


def scenarios(cameras: int, lot: str, parts: list[str]) -> list[Scenario]:
    """The pages of the promise, and one more."""
    return [
        Scenario("Live", "", _rest, _click("Live"), _shown(".wall .picture[data-shown]", cameras)),
        Scenario("Trends over 90 days", "trends?span=90+d", _choose_90_days, _click("Trends"), _shown(TREND, 1)),
        Scenario("Defects of a lot from a score on", LOT_ADDRESS.format(lot=lot), _rest_on_scores, _enter(lot),
                 _parts_shown(parts)),
        Scenario("Thresholds", "thresholds", _rest, _click("Thresholds"), _shown(".limits .histogram rect", 20)),
    ]  # fmt: skip


def measured(place: Place, folder: Path, wanted: list[Scenario], rounds: int) -> Iterator[Time]:
    """What any page of Streamlit takes, then every scenario in both ways; round after round."""
    floor = Scenario(FLOOR, "", _rest, _rest, lambda page: page.get_by_text(EMPTY_TEXT).wait_for())
    for _ in range(rounds):
        with _session(running_empty_page(folder)) as (page, root):
            yield _timed(floor, FRESH_TAB, page, partial(_go, root=root, address=""))
        for scenario in wanted:
            with _session(running_dashboard(place.environment, folder)) as (page, root):
                yield _timed(scenario, FRESH_TAB, page, partial(_go, root=root, address=scenario.address))
            with _session(running_dashboard(place.environment, folder)) as (page, root):
                _settle(scenario, page, root)
                yield _timed(scenario, IN_SESSION, page, scenario.act)


@contextmanager
def _session(server: AbstractContextManager[str]) -> Iterator[tuple[Page, str]]:
    with server as root, chromium() as browser:
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.set_default_timeout(PATIENCE_MS)
        yield page, root


def _timed(scenario: Scenario, way: str, page: Page, act: Callable[[Page], None]) -> Time:
    began, server, chrome = monotonic(), _cpu("dashboard"), _cpu("chrom")
    act(page)
    scenario.is_there(page)
    seconds = monotonic() - began
    return Time(scenario.name, way, seconds, _cpu("dashboard") - server, _cpu("chrom") - chrome, os.getloadavg()[0])


def _go(page: Page, root: str, address: str) -> None:
    page.goto(f"{root}/{address}", wait_until="commit")


def _settle(scenario: Scenario, page: Page, root: str) -> None:
    _go(page, root, "shift")
    page.get_by_role("link", name="Trends").wait_for()
    page.wait_for_load_state("networkidle")
    scenario.prepare(page)
    page.wait_for_timeout(QUIET_MS)


def _rest(page: Page) -> None:
    """Nothing to choose before."""


def _choose_90_days(page: Page) -> None:
    """The page remembers what was chosen; its figures are ten seconds old at most, and so are forgotten again."""
    page.get_by_role("link", name="Trends").click()
    page.get_by_role("radio", name="90 d").click()
    page.locator(TREND).first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    page.get_by_role("link", name="Shift start").click()
    page.locator(TREND).first.wait_for(state="detached")
    page.wait_for_timeout(FORGOTTEN_MS)


def _rest_on_scores(page: Page) -> None:
    """The gallery is open, and its score is chosen; a lot is what is typed next."""
    page.goto(f"{page.url.rsplit('/', 1)[0]}/defects?defect_shares=0.9&defect_shares=3", wait_until="commit")
    page.locator(".part .picture[data-shown]").wait_for(state="attached")
    page.get_by_role("button", name="more filters").click()
    page.get_by_label("lot").wait_for()


def _enter(lot: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.get_by_label("lot").fill(lot)
        page.get_by_label("lot").press("Enter")

    return act


def _click(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("link", name=name, exact=True).click()


def _shown(selector: str, least: int) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).nth(least - 1).wait_for(state="attached")


def _parts_shown(parts: list[str]) -> Callable[[Page], None]:
    """These and no others, and the first of them large."""

    def is_there(page: Page) -> None:
        for part in (parts[0], parts[-1]):
            page.locator(f'.gallery button[data-part="{part}"] .picture[data-shown]').wait_for(state="attached")
        page.locator(".gallery button .picture[data-shown]").nth(len(parts) - 1).wait_for(state="attached")
        page.locator(f'.part .picture[data-shown="{parts[0]}"]').wait_for(state="attached")

    return is_there


def _cpu(word: str) -> float:
    """Processor seconds of our own child processes whose command has this word."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if word in " ".join(process.cmdline()):
                spent = process.cpu_times()
                total += spent.user + spent.system
    return total
