"""The weight of A_p: earned on drawn defects, guarded by the image score."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.weight import WEIGHTS, WeightTrial, choose_w, smallest_good_weight


def drawn_maps(classifier: float, flows: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eight images, half with a defect that both parts find as well as told (0: not at all)."""
    generator = np.random.default_rng(1)
    masks = np.zeros((8, 32, 32), np.bool_)
    masks[:4, 8:16, 8:16] = True
    noise = generator.random((2, *masks.shape), dtype=np.float32)
    return (masks * classifier + noise[0]).astype(np.float32), (masks * flows + noise[1]).astype(np.float32), masks


def test_a_useless_classifier_gets_no_weight() -> None:
    """Its map is noise: anything of it lowers both figures."""
    assert choose_w(*drawn_maps(classifier=0, flows=1)).w == 0


def test_a_good_classifier_beside_useless_flows_gets_much_weight() -> None:
    """Noise of the flows has to be outshouted."""
    assert choose_w(*drawn_maps(classifier=1, flows=0)).w >= 1


def test_the_smallest_of_equally_good_weights_is_taken() -> None:
    """Synthetic defects flatter the classifier, so it has to earn its weight."""
    assert choose_w(*drawn_maps(classifier=5, flows=5)).w == 0


def test_every_weight_tried_is_told() -> None:
    """With both figures, for the record."""
    choice = choose_w(*drawn_maps(classifier=1, flows=1))
    assert tuple(trial.w for trial in choice.trials) == WEIGHTS
    assert all(0 <= trial.pixel_aupr <= 1 and 0 <= trial.image_auroc <= 1 for trial in choice.trials)


@settings(max_examples=20)
@given(st.floats(0, 2), st.floats(0, 2))
def test_the_chosen_weight_is_one_that_was_tried(classifier: float, flows: float) -> None:
    """Whatever the maps."""
    assert choose_w(*drawn_maps(classifier, flows)).w in WEIGHTS


def test_images_of_one_kind_alone_cannot_weigh() -> None:
    """Two of either kind are the least that can be told apart."""
    classified, density, masks = drawn_maps(classifier=1, flows=1)
    with pytest.raises(ValueError, match="two images of either kind"):
        choose_w(classified[:5], density[:5], masks[:5])


def test_the_last_gains_on_drawn_defects_are_not_believed() -> None:
    """The smaller weight with 90 % of the best AUPR is taken, not the best itself."""
    trials = [WeightTrial(0.0, 0.2, 0.9), WeightTrial(0.3, 0.64, 0.9), WeightTrial(4.0, 0.7, 0.9)]
    assert smallest_good_weight(trials) == 0.3
    assert smallest_good_weight([*trials[:2], WeightTrial(4.0, 0.73, 0.9)]) == 4.0


def test_the_image_score_guards_the_weight() -> None:
    """A large w that gains pixels and loses images is not taken."""
    trials = [WeightTrial(0.0, 0.20, 0.95), WeightTrial(0.5, 0.60, 0.946), WeightTrial(4.0, 0.70, 0.80)]
    assert smallest_good_weight(trials) == 0.5


def test_gains_of_the_image_score_do_not_drive_the_weight_up() -> None:
    """They are on drawn defects, which the classifier knows; the pixels decide."""
    for best in (0.95, 0.80):
        trials = [WeightTrial(0.0, 0.20, 0.70), WeightTrial(0.3, 0.64, 0.70), WeightTrial(4.0, 0.70, best)]
        assert smallest_good_weight(trials) == 0.3


def test_between_two_goods_the_nearest_to_both_is_taken() -> None:
    trials = [WeightTrial(0.0, 0.10, 0.95), WeightTrial(1.0, 0.58, 0.944), WeightTrial(4.0, 0.70, 0.80)]
    assert smallest_good_weight(trials) == 1.0
