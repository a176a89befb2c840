"""The four figures equal those of scikit-learn and of a plain reading of their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.metrics import average_precision_score, roc_auc_score

from model.metrics import aupro, image_auroc, pixel_aupr, pixel_auroc, pixel_figures


def maps_with_truth(seed: int, levels: int) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Blobs and maps that half find them; few levels make many ties."""
    generator = np.random.default_rng(seed)
    masks = ndimage.gaussian_filter(generator.normal(size=(6, 40, 48)), (0, 3, 3)) > 0.1
    masks[4:] = False
    masks[0, 5, 5] = True
    maps = masks * 0.5 + ndimage.gaussian_filter(generator.normal(size=masks.shape), (0, 1, 1))
    return masks, (np.round(maps * levels) / levels).astype(np.float32)


def plain_aupro(masks: NDArray[np.bool_], maps: NDArray[np.float32]) -> float:
    """Overlap of every region at 1000 thresholds, one after another."""
    negatives = np.sort(maps[~masks])
    rates = np.linspace(0, 0.3, 1000)
    ranks = np.clip((len(negatives) * (1 - rates)).astype(int), 0, len(negatives) - 1)
    regions = []
    for mask, scores in zip(masks, maps, strict=True):
        labels, found = ndimage.label(mask, np.ones((3, 3)))
        regions += [scores[labels == label] for label in range(1, found + 1)]
    overlaps = [np.mean([(region > negatives[rank]).mean() for region in regions]) for rank in ranks]
    return float(np.trapezoid(overlaps, rates) / 0.3)


@pytest.mark.parametrize("levels", [3, 20, 10**6])
@pytest.mark.parametrize("seed", range(4))
def test_the_figures_equal_the_reference(seed: int, levels: int) -> None:
    """With many ties and with none."""
    masks, maps = maps_with_truth(seed, levels)
    found = pixel_figures(masks, maps)
    assert found.auroc == pytest.approx(roc_auc_score(masks.ravel(), maps.ravel()), abs=1e-9)
    assert found.aupr == pytest.approx(average_precision_score(masks.ravel(), maps.ravel()), abs=1e-9)
    assert found.aupro == pytest.approx(plain_aupro(masks, maps), abs=1e-9)


def test_the_single_figures_equal_those_taken_together() -> None:
    """One sort or three: the same numbers."""
    masks, maps = maps_with_truth(5, 50)
    found = pixel_figures(masks, maps)
    assert (found.auroc, found.aupr, found.aupro) == (
        pixel_auroc(masks, maps),
        pixel_aupr(masks, maps),
        aupro(masks, maps),
    )


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=2, max_size=60))
def test_the_image_figure_equals_the_reference(images: list[tuple[bool, int]]) -> None:
    """For any scores with ties, as long as both kinds are there."""
    defective = np.array([wrong for wrong, _ in images])
    scores = np.array([score for _, score in images], np.float64)
    if defective.all() or not defective.any():
        with pytest.raises(ValueError, match="both kinds"):
            image_auroc(defective, scores)
    else:
        assert image_auroc(defective, scores) == pytest.approx(roc_auc_score(defective, scores), abs=1e-9)


def test_the_figures_do_not_change_when_scores_are_stretched() -> None:
    """They depend on the order of scores alone."""
    masks, maps = maps_with_truth(6, 50)
    stretched = np.exp(maps.astype(np.float64) * 2)
    assert pixel_figures(masks, maps) == pixel_figures(masks, stretched)


def test_the_maps_are_left_as_they_were() -> None:
    """Sorting happens on copies."""
    masks, maps = maps_with_truth(7, 50)
    before = maps.copy()
    pixel_figures(masks, maps)
    assert np.array_equal(maps, before)


def test_regions_that_touch_at_a_corner_are_one() -> None:
    """8-connected: finding one of two touching pixels is half of one region, not all of one of two."""
    masks = np.zeros((1, 30, 30), np.bool_)
    masks[0, 3, 3] = masks[0, 4, 4] = masks[0, 20, 20] = True
    maps = np.zeros(masks.shape, np.float32)
    maps[0, 3, 3] = 1
    assert aupro(masks, maps) == pytest.approx((0.5 + 0) / 2)


@pytest.mark.parametrize(
    ("scores", "message"),
    [(np.array([1.0, np.nan]), "finite"), (np.array([1.0, 2.0, 3.0]), "shape")],
)
def test_scores_that_mean_nothing_are_refused(scores: NDArray[np.float64], message: str) -> None:
    """Not a number, or not as many as there are truths."""
    with pytest.raises(ValueError, match=message):
        image_auroc(np.array([True, False]), scores)
