"""Few good images: how many are held out, and what is said of so few."""

import pytest

from model.calibration import fit_threshold, parts_needed, split
from model.recipe import FEWEST_IMAGES

TABLE = [(8, 2), (12, 4), (34, 11), (39, 13), (40, 16), (107, 17)]


@pytest.mark.parametrize(("images", "held_out"), TABLE)
def test_below_forty_images_a_third_is_held_out(images: int, held_out: int) -> None:
    """From there on sixteen, or 15 % where that is more; what is left is learned from."""
    parts = split(images, seed=1)
    assert (len(parts.training), len(parts.calibration)) == (images - held_out, held_out)


@pytest.mark.parametrize(("images", "held_out"), TABLE)
def test_the_message_counts_calibration_parts_not_images(images: int, held_out: int) -> None:
    scores = [0.5 + 0.01 * number for number in range(len(split(images, seed=1).calibration))]
    fitted = fit_threshold(scores, 1 / 500, 1 / 50)
    assert fitted.reasons == (
        f"1 reject in 500 needs 499 calibration parts; there are {held_out}: using the maximum plus a margin",
        f"1 review in 50 needs 49 calibration parts; there are {held_out}: using the maximum plus a margin",
    )
    assert fitted.threshold.review_from > max(scores)
    assert fitted.threshold.reject_from > fitted.threshold.review_from


def test_fewer_parts_get_a_wider_margin() -> None:
    """Two scores say less about a tail than seventeen of the same spread."""
    few, many = (fit_threshold([*[1.0] * (n // 2), *[2.0] * (n // 2)], 1 / 500, 1 / 50) for n in (2, 16))
    assert few.threshold.reject_from > many.threshold.reject_from > 2


def test_training_takes_eight_images() -> None:
    """Six to learn from, two to hold against them: the least that a threshold can be fitted to."""
    assert FEWEST_IMAGES == 8
    assert len(split(FEWEST_IMAGES, seed=1).calibration) == 2


def test_a_message_ends_where_the_parts_suffice() -> None:
    assert parts_needed(1 / 50) == 49
    assert fit_threshold([0.01 * number for number in range(49)], 1 / 50, 1 / 50).reasons == ()
