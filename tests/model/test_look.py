"""How far a part looks from the calibration parts."""

import numpy as np
import pytest
from numpy.typing import NDArray

from model.look import Look, look_of

DICE = np.random.default_rng(3)
CHANNELS = 64
MIX = DICE.normal(0, 1, (6, CHANNELS))
SPREADS = np.exp(DICE.normal(0, 1.5, CHANNELS))


def parts(count: int, shift: float = 0.0) -> NDArray[np.float64]:
    """Channels of very different size that depend on each other, as an encoder's do."""
    return np.asarray((DICE.normal(0, 1, (count, 6)) @ MIX + DICE.normal(0, 0.3, (count, CHANNELS)) + shift) * SPREADS)


def share_beyond(look: Look, found: NDArray[np.float64]) -> float:
    limit = np.quantile(look.distances, 0.75)
    return float(np.mean([look.distance(one) > limit for one in found]))


def test_new_parts_lie_as_far_as_the_calibration_parts_do() -> None:
    """A quarter of them beyond the upper quartile, though the centre was made of thirty only."""
    shares = [share_beyond(look_of(parts(30)), parts(400)) for _ in range(10)]
    assert abs(np.mean(shares) - 0.25) < 0.06


def test_parts_that_look_different_lie_far() -> None:
    """Whatever the size of a channel, and though each of them moved by less than it moves from part to part."""
    assert share_beyond(look_of(parts(30)), parts(200, shift=3.0)) > 0.8


def test_one_odd_part_and_one_constant_channel_decide_nothing() -> None:
    """Medians and a cap."""
    calm = parts(30)
    calm[:, 0] = 5.0
    odd = calm.copy()
    odd[0] *= 1000
    fresh = parts(200)
    fresh[:, 0] = 5.0 + 1e-6
    assert abs(share_beyond(look_of(calm), fresh) - share_beyond(look_of(odd), fresh)) < 0.1
    assert np.isfinite(look_of(np.ones((5, 3))).distances).all()


def test_features_of_another_encoder_are_refused() -> None:
    """Their distance would mean nothing; so would one to a single part."""
    with pytest.raises(ValueError, match="64 were calibrated"):
        look_of(parts(5)).distance([1.0, 2.0])
    with pytest.raises(ValueError, match="at least two"):
        look_of(parts(1))
