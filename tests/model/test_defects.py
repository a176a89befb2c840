"""Synthetic defects: from a seed, on the part, never empty, honestly labelled."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.defects import DefectDrawer, DefectRule, soft_label
from model.object_mask import MaskRule, object_mask
from model.textures import procedural_textures
from tests.model.pictures import part

ON_DARK = DefectRule(mask=MaskRule(background=True))
IMAGES = [part(seed, 96) for seed in range(4)]
SEEDS = st.integers(0, 2**31 - 1)


def drawer(rule: DefectRule = ON_DARK, images: list[NDArray[np.uint8]] = IMAGES) -> DefectDrawer:
    """Draws on four discs on dark ground."""
    return DefectDrawer(images, procedural_textures(1), rule)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(0, 3))
def test_the_same_seed_draws_the_same_defect(seed: int, index: int) -> None:
    """On another drawer too, whatever it has drawn before."""
    first, other = drawer(), drawer()
    other.draw(index, seed ^ 1)
    one, two = first.draw(index, seed), other.draw(index, seed)
    assert np.array_equal(one.image, two.image)
    assert np.array_equal(one.label, two.label)
    assert np.array_equal(one.mask, two.mask)


@settings(max_examples=80, deadline=None)
@given(SEEDS, st.integers(0, 3))
def test_a_defect_lies_on_the_part_and_changes_nothing_else(seed: int, index: int) -> None:
    """Outside its mask the picture is the good one and the label is zero; the mask lies on the part."""
    defect = drawer().draw(index, seed)
    assert np.array_equal(defect.image[~defect.mask], IMAGES[index][~defect.mask])
    assert not defect.label[~defect.mask].any()
    assert not (defect.mask & ~object_mask(IMAGES[index], ON_DARK.mask)).any()


@settings(max_examples=80, deadline=None)
@given(SEEDS, st.booleans())
def test_a_defect_that_was_asked_for_can_be_seen(seed: int, signed: bool) -> None:
    """Some pixel's label reaches the agreed visibility, with signed labels too."""
    rule = replace(ON_DARK, signed_label=signed)
    defect = drawer(rule).draw(0, seed)
    assert defect.mask.sum() >= rule.smallest_area
    assert defect.strength >= rule.visible_from
    assert defect.label.dtype == np.float32
    assert 0 <= defect.label.min() <= defect.label.max() <= 1


def test_a_defect_can_be_drawn_even_where_chance_never_hits() -> None:
    """A single picture of one grey, other images as the only source: every pattern would be invisible."""
    flat = [np.full((64, 64, 3), 128, np.uint8)]
    rule = DefectRule(texture_share=0)
    assert drawer(rule, flat).draw(0, 7).strength >= rule.visible_from


def test_a_part_that_cannot_be_found_still_gets_its_defect() -> None:
    """A black picture has no part; nothing loops for ever."""
    black = [np.zeros((64, 64, 3), np.uint8)]
    assert drawer(ON_DARK, black).draw(0, 7).mask.any()


def test_defects_come_in_many_sizes() -> None:
    """From pits of a few pixels to a good part of the picture."""
    areas = [drawer().draw(0, seed).mask.sum() for seed in range(150)]
    assert np.quantile(areas, 0.1) < 60
    assert np.quantile(areas, 0.9) > 350


def test_a_darker_defect_is_labelled_as_a_lighter_one() -> None:
    """The absolute difference counts; signed, what is darker is taught to be good."""
    difference = np.stack([np.full((4, 4, 3), 60.0), np.full((4, 4, 3), -60.0)]).astype(np.float32)
    lighter, darker = (soft_label(each, ON_DARK) for each in difference)
    assert np.array_equal(lighter, darker)
    assert soft_label(difference[1], replace(ON_DARK, signed_label=True)).max() < 0.5


@given(st.floats(0, 255), st.floats(0, 255))
def test_a_fainter_difference_never_gets_a_stronger_label(one: float, other: float) -> None:
    """Monotone in the difference."""
    labels = [soft_label(np.full((1, 1, 3), level, np.float32), ON_DARK)[0, 0] for level in sorted((one, other))]
    assert labels[0] <= labels[1]


def test_images_of_different_sizes_are_refused() -> None:
    """One drawer, one product, one size."""
    with pytest.raises(ValueError, match="one size"):
        drawer(images=[part(1, 64), part(2, 96)])


def test_no_images_are_refused() -> None:
    """There is nothing to draw on."""
    with pytest.raises(ValueError, match="at least one"):
        drawer(images=[])


@pytest.mark.parametrize("wrong", [{"opacity": (0.0, 1.0)}, {"texture_share": 1.5}, {"attempts": 0}])
def test_a_rule_that_cannot_work_is_refused(wrong: dict[str, object]) -> None:
    """When it is written, not when it is used."""
    with pytest.raises(ValueError, match=r"must be|opacity"):
        DefectRule(**wrong)  # type: ignore[arg-type]
