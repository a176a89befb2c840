"""The pages' logic without a browser, and what the dashboard refuses and never loads."""

import subprocess
import sys
from pathlib import Path

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from core.product import ObjectMask
from core.verdict import Decision
from dashboard.__main__ import SAFE_OPTIONS, is_loopback, main
from dashboard.read_models import Part
from dashboard.story.read_models import DefectFilter, newest_parts
from dashboard.views.trouble import plain
from tests.dashboard.places import Place
from tests.dashboard.test_optics_lines import CHECK

ROOT = Path(__file__).parents[2]
APP = ROOT / "dashboard" / "app.py"

pytestmark = pytest.mark.usefixtures("fresh_caches")


def shown(place: Place, monkeypatch: pytest.MonkeyPatch, page: str = "live") -> AppTest:
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    script = f"from dashboard.views import {page}\n{page}.page()\n"
    return AppTest.from_string(script, default_timeout=30).run()


@pytest.mark.server
def test_an_empty_line_shows_the_command_that_starts_one(empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    live = shown(empty, monkeypatch)
    assert not live.exception
    assert live.code[0].value == "make demo"
    defects = shown(empty, monkeypatch, "defects")
    assert not defects.exception
    assert defects.subheader[0].value == "No defects yet"


@pytest.mark.server
def test_a_seeded_line_is_shown_without_troubles(seeded: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    live = shown(seeded, monkeypatch)
    assert not live.exception
    assert not live.warning
    defects = shown(seeded, monkeypatch, "defects")
    assert not defects.exception
    assert [button.label for button in defects.button] == ["Newer", "Older"]
    assert defects.button[0].disabled


@pytest.mark.server
def test_the_health_page_is_shown_for_any_line(empty: Place, seeded: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (empty, seeded):
        page = shown(place, monkeypatch, "health")
        assert not page.exception
        assert not page.warning
        streamlit.cache_resource.clear()
        streamlit.cache_data.clear()


@pytest.mark.server
def test_a_recipe_s_form_shows_what_the_recipe_holds(seeded: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the part is, its nights, and the master parts that are kept on another page; saving it changes that."""
    page = shown(seeded, monkeypatch, "products")
    assert not page.exception
    mask = next(box for box in page.selectbox if box.label == "where the part is")
    assert mask.value == ObjectMask.AUTOMATIC
    assert any("Master parts: none yet" in each.value for each in page.markdown)
    mask.select(ObjectMask.DARK_PART)
    next(each for each in page.number_input if each.label == "parts in the shadow").set_value(30)
    next(each for each in page.text_input if each.label == "reason").set_value("dark parts on a light belt")
    next(each for each in page.button if each.label == "Save the recipe").click().run()
    assert not page.exception
    recipe = seeded.line.ledger.active()["gear"].recipe
    assert (recipe.object_mask, recipe.shadow_parts) == (ObjectMask.DARK_PART, 30)


@pytest.mark.server
def test_a_part_s_story_tells_what_its_camera_is_held_to(seeded: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Optics, reviews, audit and other views, each with its own words where there is nothing."""
    (part,) = newest_parts(seeded.engine, DefectFilter((Decision.NG,)), None, 1)
    words = "This camera's pictures are not checked before the model."
    page = story_of(part, seeded, monkeypatch)
    assert not page.exception
    assert plain(words) in [each.value for each in page.markdown]
    seeded.line.ledger.save_optics(part.key.camera, part.product, CHECK, seeded.line.now, "ada", "learned")
    page = story_of(part, seeded, monkeypatch)
    assert not page.exception
    told = [each.value for each in page.markdown]
    assert plain("sharpness at least 0.3") in told
    assert plain(words) not in told


def story_of(part: Part, place: Place, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    page = AppTest.from_string("from dashboard.views import part\npart.page()\n", default_timeout=30)
    page.query_params["part"] = str(part.key)
    return page.run()


@pytest.mark.server
def test_a_filter_that_nothing_matches_says_so(seeded: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    defects = shown(seeded, monkeypatch, "defects")
    defects.selectbox(key="defect_camera").select("line1-side").run()
    assert not defects.exception
    assert "No part matches" not in [each.value for each in defects.subheader]


def test_an_address_that_others_can_reach_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--address", "0.0.0.0"]) == 2
    assert "no login is configured" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "own"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.1.2.3", False), ("pc", False)],
)
def test_only_loopback_is_this_machine(address: str, own: bool) -> None:
    assert is_loopback(address) is own


def test_streamlit_is_started_with_everything_careful_on() -> None:
    from streamlit import config

    assert SAFE_OPTIONS["client.showErrorDetails"] == "none"
    assert SAFE_OPTIONS["browser.gatherUsageStats"] is False
    known = config.get_config_options()
    assert set(SAFE_OPTIONS) <= set(known)


def test_the_dashboard_loads_neither_torch_nor_the_network() -> None:
    """Nor another station."""
    script = (
        "import sys, dashboard.__main__, dashboard.wiring, dashboard.views.live, dashboard.views.defects\n"
        "import dashboard.views.health, dashboard.views.thresholds, dashboard.views.trends\n"
        "import dashboard.views.models, dashboard.views.products\n"
        "barred = {'torch', 'torchvision', 'timm', 'FrEIA', 'model', 'worker', 'ingest', 'retrain'}\n"
        "strays = barred & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(strays)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
