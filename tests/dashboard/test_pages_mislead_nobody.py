"""What a page says belongs to what is chosen on it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core.access import Person
from core.changes import save_product
from core.shift import MasterPart
from core.shift_service import add_master
from dashboard.read_models import Places
from dashboard.views.trouble import plain
from dashboard.words import clock_words
from line.seed.parts import THRESHOLD
from tests.dashboard.places import Place
from tests.dashboard.seed import next_part
from tests.dashboard.seed_nights import seed_disagreements, seed_nights
from tests.dashboard.seed_weeks import model_with_letter
from tests.dashboard.test_pages import shown

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("fresh_caches")]

ADA = Person.at_this_machine("ada")


def words_on(page: AppTest) -> str:
    return " ".join(each.value for each in (*page.markdown, *page.caption, *page.error, *page.success, *page.info))


def test_a_new_product_does_not_take_the_recipe_of_one_that_is_there(
    seeded: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its form would hold a new recipe's defaults, and saving it would lose limits, regions and kinds."""
    page = shown(seeded, monkeypatch, "products")
    page.selectbox(key="product").select("new product").run()
    next(each for each in page.text_input if each.label == "name").set_value("gear").run()
    assert not page.exception
    assert plain("There is a product gear already") in words_on(page)
    assert "Save the recipe" not in [each.label for each in page.button]
    next(each for each in page.text_input if each.label == "name").set_value("nut").run()
    assert "Save the recipe" in [each.label for each in page.button]


def test_a_check_s_result_is_not_told_of_another_camera(seeded: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever changes over to the next camera has not checked it yet."""
    master = add_master(seeded.line.ledger, ADA, MasterPart(0, "gear", "cracked", True), seeded.line.now)
    page = shown(seeded, monkeypatch, "shift")
    page.button(key="shift_begin").click().run()
    page.button(key="shift_next").click().run()
    next_part(seeded.line, "line1-side", 60, datetime.now(UTC) + timedelta(seconds=1))
    page.run()
    assert not page.exception
    assert plain(f"{master.name} is bad and was OK") in words_on(page)
    page.selectbox(key="shift_camera").select("line1-top").run()
    assert plain(f"{master.name} is bad and was OK") not in words_on(page)
    page.selectbox(key="shift_camera").select("line1-side").run()
    assert plain(f"{master.name} is bad and was OK") in words_on(page)


def test_the_steps_of_a_training_are_told_in_the_viewer_s_zone(seeded: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """With their date: a night has two. Links to parts that two versions judged otherwise are whole."""
    ledger, now = seeded.line.ledger, seeded.line.now
    judging = ledger.active()["gear"].model.id
    beside = model_with_letter(seeded.line, "beside", THRESHOLD, now, "of the night").id
    run = seed_nights(seeded.line, judging, beside, nights=2)
    seed_disagreements(seeded.line, run)
    ledger.note_step(run.id, now, "stage 1 began")
    page = shown(seeded, monkeypatch, "models")
    assert not page.exception
    assert plain(f"{clock_words(now, 'UTC')} stage 1 began") in words_on(page)
    (links,) = [each.value for each in page.markdown if "[full story]" in each.value]
    assert ":" not in links.partition("[full story]")[2]


@pytest.mark.parametrize(("name", "prefix"), [("trends", "trend"), ("defects", "defect"), ("shift", "shift")])
def test_only_cameras_that_see_the_product_can_be_chosen(
    seeded: Place, monkeypatch: pytest.MonkeyPatch, name: str, prefix: str
) -> None:
    """A camera of the product before is let go."""
    known = Places((("gear", "line1-side"), ("gear", "line1-top"), ("nut", "line2-top")))
    monkeypatch.setattr(f"dashboard.views.{name}.places", lambda _: known)
    page = shown(seeded, monkeypatch, name)
    page.selectbox(key=f"{prefix}_product").select("gear").run()
    assert "line2-top" not in page.selectbox(key=f"{prefix}_camera").options
    page.selectbox(key=f"{prefix}_camera").select("line1-top").run()
    page.selectbox(key=f"{prefix}_product").select("nut").run()
    assert not page.exception
    assert [one for one in page.selectbox(key=f"{prefix}_camera").options if "all" not in one] == ["line2-top"]
    assert page.selectbox(key=f"{prefix}_camera").value != "line1-top"


def test_a_recipe_that_another_changed_meanwhile_is_not_saved_over(
    seeded: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was entered in the field that they changed is gone by then: "Saved" would be a lie."""
    ledger, now = seeded.line.ledger, seeded.line.now
    (product,) = ledger.products()
    page = shown(seeded, monkeypatch, "products")
    for each in page.number_input:
        if each.label == "deadline, s":
            each.set_value(3.0)
    next(each for each in page.text_input if each.label == "reason").set_value("slower plant")
    save_product(ledger, ADA, replace(product, recipe=replace(product.recipe, deadline_s=9.0)), now, "test")
    next(each for each in page.button if each.label == "Save the recipe").click().run()
    assert not page.exception
    assert "Somebody changed this recipe meanwhile" in " ".join(each.value for each in page.warning)
    assert ledger.products()[0].recipe.deadline_s == 9.0
    next(each for each in page.number_input if each.label == "deadline, s").set_value(4.0)
    next(each for each in page.button if each.label == "Save the recipe").click().run()
    assert not page.warning
    assert ledger.products()[0].recipe.deadline_s == 4.0
    page.run()
    assert not page.warning
    save_product(ledger, ADA, product, now, "as before")
