"""Regions that do not count, as a recipe holds them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.product import Recipe
from core.regions import MOST_REGIONS, regions_of

shares = st.floats(0, 1)
regions = st.lists(st.lists(st.tuples(shares, shares), min_size=3, max_size=8), max_size=5)


@given(regions)
def test_a_recipe_keeps_its_regions_through_json(drawn: list[list[tuple[float, float]]]) -> None:
    """As Postgres stores it."""
    recipe = Recipe(ignore=regions_of(drawn))
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


@pytest.mark.parametrize(
    "drawn",
    [
        [[(0, 0), (1, 1)]],
        [[(0, 0), (1, 0), (1.01, 1)]],
        [[(0, 0), (1, 0), (float("nan"), 1)]],
        [[(0, 0), (1, 0), (1, 1)]] * (MOST_REGIONS + 1),
    ],
)
def test_what_is_no_region_is_refused(drawn: list[list[tuple[float, float]]]) -> None:
    """Before it can be saved."""
    with pytest.raises(ValueError, match="ignore"):
        Recipe(ignore=drawn)  # type: ignore[arg-type]
