"""Views of a picture: near it, with the label at the defect, the same from the same seed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.config import TrainingConfig
from model.training import with_views
from model.variation import VariationRule, varied
from tests.model.pictures import part

STILL = VariationRule(turn=0, zoom=0, shift=0, contrast=0, cast=0, brightness=0)


def with_spot() -> tuple[np.ndarray, np.ndarray]:
    image, label = np.full((64, 96, 3), 90, np.uint8), np.zeros((64, 96), np.float32)
    image[40:46, 20:26], label[40:46, 20:26] = 250, 1.0
    return image, label


def test_a_rule_of_nothing_changes_nothing() -> None:
    image, label = with_spot()
    same, also = varied(image, label, STILL, np.random.default_rng(1))
    assert np.array_equal(same, image)
    assert np.array_equal(also, label)


@given(st.integers(0, 2**31 - 1))
def test_the_label_stays_on_the_defect(seed: int) -> None:
    """Moved, mirrored, relit: where the label is high the picture is bright, elsewhere it is not."""
    rule = VariationRule(flips=True, moved_share=1.0)
    image, label = varied(*with_spot(), rule, np.random.default_rng(seed))
    assert image.shape == (64, 96, 3)
    assert image.dtype == np.uint8
    assert image[label > 0.9].min() > image[label < 0.01].max()


def test_the_same_seed_gives_the_same_view() -> None:
    first, second = (varied(*with_spot(), VariationRule(flips=True), np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


def test_few_pictures_are_joined_by_views_of_all_of_them() -> None:
    pictures = [part(number) for number in range(5)]
    shown = with_views(pictures, TrainingConfig(fewest_views=12))
    assert len(shown) == 12
    assert all(shown[number] is pictures[number] for number in range(5))
    assert not np.array_equal(shown[5], pictures[0])
    assert np.abs(shown[5].astype(float) - pictures[0]).mean() < 40


def test_many_pictures_stay_as_they_are() -> None:
    pictures = [part(number) for number in range(3)]
    assert with_views(pictures, TrainingConfig(fewest_views=3)) == pictures
