"""The recipe as a form takes and gives it."""

import pytest

from core.product import ObjectMask, Recipe
from dashboard.products.recipe_form import (
    MASKS,
    NIGHTS,
    RULE,
    SHARES,
    SIDES,
    SWITCHES,
    TEXTS,
    kinds_of,
    of_its_kind,
    optional_number,
    recipe_of,
    shown,
)
from dashboard.views.products import drawn_regions

SQUARE = (((0.1, 0.1), (0.2, 0.1), (0.2, 0.2)),)


def test_what_the_form_shows_and_gives_back_is_the_same_recipe() -> None:
    """Nothing changes by saving what nobody touched, and what the form does not show stays."""
    recipe = Recipe(
        keep_ok_share=0.07,
        deadline_s=0.8,
        top_share=0.02,
        retrain_fewest_new=12,
        ignore=SQUARE,
        object_mask="dark part",
    )
    entered: dict[str, object] = {entry.name: shown(recipe, entry) / entry.scale for entry in SHARES}
    entered |= {entry.name: int(shown(recipe, entry)) for entry in SIDES}
    entered |= {entry.name: getattr(recipe, entry.name) for entry in (*RULE, *TEXTS, *SWITCHES)}
    entered |= {entry.name: of_its_kind(recipe, entry, shown(recipe, entry)) for entry in NIGHTS}
    entered["object_mask"] = recipe.object_mask
    assert recipe_of(recipe, entered) == recipe


def test_a_value_a_recipe_cannot_have_is_refused_with_its_name() -> None:
    """By the recipe itself, for whoever asks."""
    with pytest.raises(ValueError, match="keep_ok_share"):
        recipe_of(Recipe(), {"keep_ok_share": 1.5})


@pytest.mark.parametrize(("text", "number"), [("", None), (" ", None), ("0,5", 0.5), ("2", 2.0)])
def test_an_optional_number_is_none_where_nothing_is_entered(text: str, number: float | None) -> None:
    """With a comma or a point."""
    assert optional_number(text, "top share") == number


def test_no_number_is_refused_with_its_words() -> None:
    """As the form calls it."""
    with pytest.raises(ValueError, match="top share: 'x' is no number"):
        optional_number("x", "top share")


def test_every_mode_of_the_object_mask_has_its_words() -> None:
    """A new one cannot be forgotten."""
    assert set(MASKS) == set(ObjectMask)


def test_a_field_that_holds_a_whole_number_takes_no_other() -> None:
    """Half a part is none."""
    entry = next(entry for entry in NIGHTS if entry.name == "shadow_parts")
    assert of_its_kind(Recipe(), entry, 30.0) == 30
    with pytest.raises(ValueError, match="parts in the shadow"):
        of_its_kind(Recipe(), entry, 30.5)


def test_kinds_of_defects_stand_one_a_line() -> None:
    """Empty lines are none."""
    assert kinds_of(" scratch \n\n dent\n") == ["scratch", "dent"]


@pytest.mark.parametrize("state", [None, {}, {"token": "x", "regions": []}, {"token": "t", "regions": [[[0, 0]]]}])
def test_what_was_drawn_on_another_picture_or_is_no_region_is_left_out(state: object) -> None:
    """The recipe's own regions stand."""
    assert drawn_regions(state, "t", SQUARE) == SQUARE


def test_what_was_drawn_is_taken() -> None:
    """Also when all was taken away."""
    assert drawn_regions({"token": "t", "regions": []}, "t", SQUARE) == ()
