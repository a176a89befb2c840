"""Changing a recipe from the command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import SettingRefused
from core.product import Recipe
from retrain.recipes import with_changes
from tests.dashboard.places import fresh_line

ROOT = Path(__file__).parents[2]


def test_what_is_named_changes_and_the_rest_stays() -> None:
    """Numbers, nothing, and texts that are no JSON."""
    changed = with_changes(Recipe(keep_ok_share=0.5), ["deadline_s=0.8", "smoothing=null", "retrain_cron=0 4 * * *"])
    assert changed == Recipe(keep_ok_share=0.5, deadline_s=0.8, retrain_cron="0 4 * * *")
    assert with_changes(changed, []) == changed
    several = with_changes(Recipe(), ["views=line1-top,line1-side", "views_deadline_s=2"])
    assert several == Recipe(views="line1-top,line1-side", views_deadline_s=2.0)
    assert with_changes(several, ["views="]).view_plan is None


@pytest.mark.parametrize(
    "change", ["deadline=1", "deadline_s", "deadline_s=-1", "deadline_s=soon", "deadline_s=null", "retrain_cron=5"]
)
def test_what_a_recipe_cannot_have_is_refused(change: str) -> None:
    """By name, before anything is saved."""
    with pytest.raises(SettingRefused):
        with_changes(Recipe(), [change])


@pytest.mark.server
def test_a_recipe_is_shown_and_changed_by_one_command(tmp_path: Path) -> None:
    """And a product nobody knows is refused with its name."""
    with fresh_line(tmp_path) as place:

        def retrain(*arguments: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "retrain", "recipe", *arguments]
            told = os.environ | place.environment
            return subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=False)

        refused = retrain("--product", "nut", "deadline_s=0.8")
        assert (refused.returncode, "nut" in refused.stderr) == (1, True)
        known = [sys.executable, "-m", "worker.brightness", "--product", "nut"]
        subprocess.run(known, cwd=ROOT, env=os.environ | place.environment, check=True, capture_output=True)
        assert "deadline_s = 0.8" in retrain("--product", "nut", "deadline_s=0.8").stdout
        assert place.line.ledger.products()[0].recipe == Recipe(deadline_s=0.8)
