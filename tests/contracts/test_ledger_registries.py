"""What every ledger promises about products, models, cameras and training: one body for the twin and for Postgres."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import UnknownModel
from core.inspection import CameraRun, TrainingProgress
from core.product import Product, Recipe
from core.verdict import Threshold
from tests.contracts.ledgers import BAND, TODAY, Ledger, bundle

LATER = TODAY + timedelta(minutes=5)


def test_products_come_by_name_with_their_newest_recipe(ledger: Ledger) -> None:
    """Saving again replaces."""
    ledger.save_product(Product("nut", Recipe()), TODAY, "ada", "new")
    ledger.save_product(Product("ballscrew", Recipe(keep_ok_share=0.5)), TODAY, "ada", "new")
    ledger.save_product(Product("nut", Recipe(other_map_scale=0.5)), LATER, "ada", "larger maps")
    assert ledger.products() == [
        Product("ballscrew", Recipe(keep_ok_share=0.5)),
        Product("nut", Recipe(other_map_scale=0.5)),
    ]


def test_a_registered_bundle_is_not_active_before_it_is_promoted(ledger: Ledger) -> None:
    """Registering only keeps it."""
    version = ledger.register("nut", bundle("a"), BAND, TODAY, "ada")
    assert (version.product, version.bundle, version.created_at) == ("nut", bundle("a"), TODAY)
    assert ledger.active() == {}


def test_registering_for_a_product_nobody_saved_gives_it_the_default_recipe(ledger: Ledger) -> None:
    """A first model needs nothing but a name."""
    ledger.register("nut", bundle("a"), BAND, TODAY, "ada")
    assert ledger.products() == [Product("nut", Recipe())]


def test_registering_leaves_a_recipe_alone(ledger: Ledger) -> None:
    """What somebody chose stays."""
    ledger.save_product(Product("nut", Recipe(keep_ok_share=0.5)), TODAY, "ada", "new")
    ledger.register("nut", bundle("a"), BAND, TODAY, "ada")
    assert ledger.products() == [Product("nut", Recipe(keep_ok_share=0.5))]


def test_a_bundle_is_registered_once_per_product(ledger: Ledger) -> None:
    """The same files again are the version that is there; for another product they are another one."""
    first = ledger.register("nut", bundle("a"), BAND, TODAY, "ada")
    again = ledger.register("nut", bundle("a"), Threshold(1, 2), LATER, "bob")
    other = ledger.register("bolt", bundle("a"), BAND, LATER, "bob")
    assert again == first
    assert other.id != first.id


def test_the_model_promoted_last_is_active_with_its_threshold_and_recipe(ledger: Ledger) -> None:
    """Promoting an older version again is a rollback; other products are not touched."""
    ledger.save_product(Product("nut", Recipe(keep_ok_share=0.5)), TODAY, "ada", "new")
    old = ledger.register("nut", bundle("a"), BAND, TODAY, "ada")
    new = ledger.register("nut", bundle("b"), Threshold(1, 2), TODAY, "ada")
    other = ledger.register("bolt", bundle("c"), Threshold(3, 4), TODAY, "ada")
    for version in (old, other, new):
        ledger.promote(version.id, TODAY, "ada", "better")
    active = ledger.active()
    assert {name: found.model for name, found in active.items()} == {"nut": new, "bolt": other}
    assert (active["nut"].threshold, active["nut"].recipe) == (Threshold(1, 2), Recipe(keep_ok_share=0.5))
    ledger.promote(old.id, LATER, "ada", "it missed a scratch")
    assert ledger.active()["nut"].model == old
    assert ledger.active()["nut"].threshold == BAND


def test_a_threshold_is_appended_and_the_newest_one_counts(ledger: Ledger) -> None:
    """Each has an id of its own, so that a row can name the one it was judged by."""
    version = ledger.register("nut", bundle("a"), BAND, TODAY, "ada")
    ledger.promote(version.id, TODAY, "ada", "first")
    fitted = ledger.active()["nut"].threshold_id
    chosen = ledger.set_threshold(version.id, Threshold(0.5, 0.6), LATER, "bob", "too many rejects")
    active = ledger.active()["nut"]
    assert chosen != fitted
    assert (active.threshold_id, active.threshold) == (chosen, Threshold(0.5, 0.6))


def test_a_model_nobody_registered_cannot_be_promoted_nor_judged_by(ledger: Ledger) -> None:
    """The remedy is in the message."""
    with pytest.raises(UnknownModel):
        ledger.promote(999, TODAY, "ada", "hope")
    with pytest.raises(UnknownModel):
        ledger.set_threshold(999, BAND, TODAY, "ada", "hope")
    assert ledger.active() == {}


def run(reported_minute: int, captured: int, camera: str = "line1-top") -> CameraRun:
    return CameraRun(camera, "0123456789ab", "nut", captured, 1, TODAY + timedelta(minutes=reported_minute))


def test_the_newest_report_of_a_camera_run_is_kept(ledger: Ledger) -> None:
    """An older report that comes late changes nothing."""
    for report in (run(1, 10), run(3, 30), run(2, 20)):
        ledger.report(report)
    assert ledger.runs() == [run(3, 30)]


def test_a_camera_whose_clock_was_set_back_is_still_heard(ledger: Ledger) -> None:
    """Its numbers only grow: one with more frames is newer, whatever its clock says."""
    ledger.report(run(120, 30))
    ledger.report(run(60, 31))
    assert ledger.runs() == [run(60, 31)]


def test_camera_runs_come_newest_first(ledger: Ledger) -> None:
    """Whatever order the cameras reported in."""
    ledger.report(run(2, 1, "line1-side"))
    ledger.report(run(1, 1, "line1-top"))
    assert [found.camera for found in ledger.runs()] == ["line1-side", "line1-top"]


def test_of_every_camera_the_newest_report_is_told(ledger: Ledger) -> None:
    """However often it was started; by camera."""
    started_anew = replace(run(3, 1), start_id="ba9876543210")
    for report in (run(1, 30), started_anew, run(2, 40, "line1-side")):
        ledger.report(report)
    assert ledger.newest_runs() == [run(2, 40, "line1-side"), started_anew]


def test_of_a_products_training_only_the_newest_report_is_kept(ledger: Ledger) -> None:
    """By product name."""
    ledger.report_training(TrainingProgress("nut", 0.1, "stage 1", TODAY))
    ledger.report_training(TrainingProgress("bolt", 0.9, "stage 2", TODAY))
    ledger.report_training(TrainingProgress("nut", 0.2, "stage 1", LATER))
    assert ledger.trainings() == [
        TrainingProgress("bolt", 0.9, "stage 2", TODAY),
        TrainingProgress("nut", 0.2, "stage 1", LATER),
    ]
