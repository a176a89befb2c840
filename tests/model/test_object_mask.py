"""The part is found in its picture, and how to find it is decided from good pictures alone."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.product import ObjectMask, Recipe, mask_of
from model.images import image_paths, read_image, resized
from model.object_mask import MaskRule, Polarity, choose_mask_rule, mask_rule, object_mask

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


def picture(part: int, ground: int, bore: int = 0, seed: int = 0) -> NDArray[np.uint8]:
    """A disc of radius 30 in a 96 x 96 picture, with a bore of the ground's brightness and a little grain."""
    drawn = np.full((96, 96, 3), ground, np.uint8)
    cv2.circle(drawn, (48, 48), 30, (part, part, part), cv2.FILLED)
    if bore:
        cv2.circle(drawn, (48, 48), bore, (ground, ground, ground), cv2.FILLED)
    grain = np.random.default_rng(seed).normal(0, 3, drawn.shape)
    return np.clip(drawn + grain, 0, 255).astype(np.uint8)


def disc() -> NDArray[np.bool_]:
    """The truth about `picture`."""
    return cv2.circle(np.zeros((96, 96), np.uint8), (48, 48), 30, 1, cv2.FILLED) > 0


@pytest.mark.parametrize(
    ("part", "ground", "polarity"), [(200, 40, Polarity.LIGHT_PART), (40, 220, Polarity.DARK_PART)]
)
def test_a_part_on_plain_ground_is_found_either_way_round(part: int, ground: int, polarity: Polarity) -> None:
    """Light on dark and dark on light, to within a pixel of its outline."""
    rule = choose_mask_rule([picture(part, ground, seed=seed) for seed in range(5)])
    assert rule == MaskRule(background=True, polarity=polarity, fill_holes=True)
    assert (object_mask(picture(part, ground), rule) ^ disc()).mean() < 0.03


def test_a_material_that_fills_the_picture_is_all_part() -> None:
    """Cloth has two sides of Otsu's threshold too, but no ground along its border."""
    cloth = [np.random.default_rng(seed).integers(90, 160, (96, 96, 3)).astype(np.uint8) for seed in range(5)]
    rule = choose_mask_rule(cloth)
    assert not rule.background
    assert object_mask(cloth[0], rule).all()


def test_a_small_dark_spot_is_part_of_the_part_and_a_bore_is_not() -> None:
    """A chocolate chip may be scratched; the hole of a washer may not."""
    spotted = choose_mask_rule([picture(200, 40, bore=4, seed=seed) for seed in range(5)])
    bored = choose_mask_rule([picture(200, 40, bore=12, seed=seed) for seed in range(5)])
    assert object_mask(picture(200, 40, bore=4), spotted)[48, 48]
    assert not object_mask(picture(200, 40, bore=12), bored)[48, 48]


def test_crumbs_beside_the_part_are_left_out() -> None:
    """Only pieces of at least a tenth of the largest count."""
    with_crumb = picture(200, 40)
    cv2.circle(with_crumb, (8, 8), 4, (200, 200, 200), cv2.FILLED)
    assert not object_mask(with_crumb, MaskRule(background=True))[8, 8]


def test_no_pictures_mean_no_background() -> None:
    """The rule that cannot leave anything out."""
    assert choose_mask_rule([]) == MaskRule(background=False)


@pytest.mark.parametrize(
    ("name", "background"), [("ballscrew", False), ("cookie", True), ("fabric_stain", False), ("aliens", True)]
)
def test_real_products_are_told_apart_without_their_names(name: str, background: bool) -> None:
    """Parts on ground, and materials that fill the picture."""
    paths = image_paths(SHARED / name / "train" / "good")[:20]
    if not paths:
        pytest.skip(f"no real images in {SHARED.resolve().name}/{name}: put the shared data beside the project")
    assert choose_mask_rule([resized(read_image(path).pixels, 128, 128) for path in paths]).background is background


@pytest.mark.parametrize("mode", list(ObjectMask))
def test_the_recipe_s_mode_decides_where_the_part_is(mode: ObjectMask) -> None:
    """Against what the pictures say, unless they are to decide."""
    light = [picture(200, 40, bore=12)] * 3
    rule = mask_rule(mode, light)
    expected = {
        ObjectMask.AUTOMATIC: MaskRule(background=True, polarity=Polarity.LIGHT_PART, fill_holes=False),
        ObjectMask.WHOLE_PICTURE: MaskRule(background=False),
        ObjectMask.LIGHT_PART: MaskRule(background=True, polarity=Polarity.LIGHT_PART, fill_holes=False),
    }
    assert rule == expected.get(mode, rule)
    assert rule.polarity is (Polarity.DARK_PART if mode is ObjectMask.DARK_PART else Polarity.LIGHT_PART)


def test_a_recipe_knows_its_mode_again() -> None:
    """From its JSON; what is no mode is refused, and says which there are."""
    recipe = Recipe(object_mask=ObjectMask.DARK_PART)
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert Recipe.from_json({}).object_mask is ObjectMask.AUTOMATIC
    with pytest.raises(ValueError, match="object_mask must be one of automatic"):
        mask_of("grey part")
