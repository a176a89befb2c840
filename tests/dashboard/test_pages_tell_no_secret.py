"""Every page while nothing answers: words instead of a traceback, and no piece of a password."""

import inspect
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from streamlit.testing.v1 import AppTest

import dashboard.views

pytestmark = pytest.mark.usefixtures("fresh_caches")

MARK = "Xyzzy4711"
AWAY = {
    "DATABASE_URL": f"postgresql://line:{MARK}@127.0.0.1:9/line",
    "REDIS_URL": f"redis://line:{MARK}@127.0.0.1:9/0",
}
BROKEN = {"DATABASE_URL": f"postgresql://line:{MARK}#@[{MARK}/line", "REDIS_URL": f"redis://line:{MARK}#@{MARK}:{MARK}"}


def pages() -> list[str]:
    """The views that are pages of their own."""
    names = [module.name for module in iter_modules(dashboard.views.__path__)]
    found = {name: getattr(import_module(f"dashboard.views.{name}"), "page", None) for name in names}
    return [name for name, page in found.items() if page is not None and not inspect.signature(page).parameters]


@pytest.mark.slow
@pytest.mark.parametrize("name", pages())
@pytest.mark.parametrize("servers", [AWAY, BROKEN], ids=["away", "broken"])
def test_a_page_without_its_servers_says_so_in_words(
    name: str,
    servers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """On the page and in the log."""
    for variable, value in (servers | {"ARTIFACT_URL": str(tmp_path)}).items():
        monkeypatch.setenv(variable, value)
    page = AppTest.from_string(f"from dashboard.views import {name}\n{name}.page()\n", default_timeout=60).run()
    shown = " ".join(str(getattr(element, "value", "")) for element in page)
    assert not page.exception
    assert shown.strip()
    assert "Traceback" not in shown
    said = capfd.readouterr()
    assert MARK not in shown + said.out + said.err
