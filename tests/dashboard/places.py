"""A seeded line, a running dashboard and a real browser, for the tests beside this file."""

import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.adapters.migrate import upgrade
from core.adapters.wiring import make_artifacts, open_artifacts, open_board, open_ledger
from core.settings import LineSettings
from line.services.daemon import free_port
from tests import servers
from tests.dashboard.seed import Seeded

ROOT = Path(__file__).parents[2]
CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync")
START_S = 60.0
EMPTY_TEXT = "nothing else is here"


@dataclass(frozen=True)
class Place:
    """A migrated line of its own: its settings as environment, and the ports to seed it through."""

    environment: dict[str, str]
    line: Seeded

    @property
    def engine(self):
        return self.line.ledger.engine


def fresh_line(folder: Path) -> AbstractContextManager[Place]:
    """An empty line in a database and a folder of its own."""
    return line_at(servers.postgres(), folder)


@contextmanager
def line_at(database_url: str, folder: Path) -> Iterator[Place]:
    """The line in this database, migrated, with its artifacts in the folder."""
    environment = {
        "DATABASE_URL": database_url,
        "ARTIFACT_URL": str(folder / "artifacts"),
        "KAFKA_BOOTSTRAP_SERVERS": "",
        "REDIS_URL": "",
    }
    settings = LineSettings(**{name.lower(): value for name, value in environment.items()})
    ledger, now = open_ledger(settings), datetime.now(UTC)
    with closing(ledger):
        upgrade(ledger.engine)
        ledger.prepare_days(now.date())
        make_artifacts(settings)
        yield Place(environment, Seeded(ledger, open_board(settings), open_artifacts(settings), now))


@contextmanager
def running_dashboard(environment: dict[str, str], folder: Path, port: int = 0) -> Iterator[str]:
    """The dashboard as a process of its own, at this port or a free one; yields its address."""
    port = port or free_port()
    with _serving(("dashboard", "--port", str(port)), environment, folder, port) as address:
        yield address


@contextmanager
def running_empty_page(folder: Path) -> Iterator[str]:
    """Streamlit itself with one line of text: what any page of it takes at least."""
    script, port = folder / "empty_dashboard.py", free_port()
    script.write_text(f'import streamlit\n\nstreamlit.text("{EMPTY_TEXT}")\n')
    flags = {"server.port": port, "server.address": "127.0.0.1", "server.headless": True,
             "server.fileWatcherType": "none", "browser.gatherUsageStats": False}  # fmt: skip
    words = ("streamlit", "run", str(script), *(f"--{name}={str(value).lower()}" for name, value in flags.items()))
    with _serving(words, {}, folder, port) as address:
        yield address


@contextmanager
def _serving(words: Sequence[str], environment: dict[str, str], folder: Path, port: int) -> Iterator[str]:
    address, log = f"http://127.0.0.1:{port}", folder / "dashboard.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=ROOT, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _wait_until_healthy(process, address, log)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait_until_healthy(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    started = datetime.now(UTC)
    while (datetime.now(UTC) - started).total_seconds() < START_S:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except OSError:
            if process.poll() is not None:
                break
            try:
                process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
    pytest.fail(f"the dashboard did not start:\n{log.read_text()[-2000:]}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The distribution's browser, without a screen."""
    program = shutil.which("chromium")
    if program is None:
        message = "no chromium here: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*CHROMIUM, *QUIET])
        try:
            yield browser
        finally:
            browser.close()


def opened(browser: Browser, address: str, width: int = 1280, height: int = 800, scheme: str = "light") -> Page:
    """The address in a window of its own; waits are generous, for machines that do much else."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    context.set_default_timeout(60_000)
    expect.set_options(timeout=30_000)
    page = context.new_page()
    page.goto(address)
    return page
