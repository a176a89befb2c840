"""The area opening: small bright spots go, everything else stays as it is."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from model.area_opening import LEVELS, without_small_spots
from model.config import ScoreRule
from model.scoring import finished_map

Map = NDArray[np.float32]
on_levels = arrays(np.float32, (9, 11), elements=st.integers(0, 8).map(lambda step: np.float32(step / 4)))
anywhere = arrays(np.float32, (9, 11), elements=st.floats(-2, 20, width=32))
areas = st.integers(0, 40)


def slowly_opened(values: Map, pixels: int) -> Map:
    """By the definition: the highest level at which a pixel still hangs together with enough others."""
    opened = np.full_like(values, values.min())
    for level in np.unique(values):
        for part in parts_of(values >= level):
            if len(part) >= pixels:
                opened[tuple(np.transpose(part))] = level
    return opened


def parts_of(mask: NDArray[np.bool_]) -> list[list[tuple[int, int]]]:
    """8-connected parts, by walking."""
    left = {(int(down), int(right)) for down, right in np.argwhere(mask)}
    parts = []
    while left:
        part, border = [], deque([left.pop()])
        while border:
            down, right = border.popleft()
            part.append((down, right))
            near = {(down + i, right + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            border.extend(near)
        parts.append(part)
    return parts


@given(on_levels, areas)
def test_on_the_levels_it_is_exact(values: Map, pixels: int) -> None:
    assert np.array_equal(without_small_spots(values, pixels), slowly_opened(values, pixels))


@given(anywhere, areas)
def test_it_never_raises_a_value_and_never_digs_a_hole(values: Map, pixels: int) -> None:
    found = without_small_spots(values, pixels)
    assert (found <= values).all()
    assert found.min() == values.min()
    assert found.dtype == np.float32


@given(anywhere, areas)
def test_to_do_it_again_changes_nothing(values: Map, pixels: int) -> None:
    once = without_small_spots(values, pixels)
    assert np.array_equal(without_small_spots(once, pixels), once)


@settings(max_examples=50)
@given(st.integers(1, 6), st.integers(1, 6), st.floats(0.125, 15, width=32), st.integers(1, 36))
def test_a_spot_stays_exactly_if_it_is_large_enough(height: int, width: int, value: float, pixels: int) -> None:
    values = np.zeros((12, 12), np.float32)
    values[3 : 3 + height, 4 : 4 + width] = value
    expected = values if height * width >= pixels else np.zeros_like(values)
    assert np.array_equal(without_small_spots(values, pixels), expected)


def test_corners_hold_a_spot_together() -> None:
    """8-connected: a diagonal scratch is one spot."""
    values = np.eye(12, dtype=np.float32)
    assert np.array_equal(without_small_spots(values, 12), values)
    assert not without_small_spots(values, 13).any()


def test_a_small_peak_on_a_large_spot_is_lowered_to_the_spot() -> None:
    values = np.full((12, 12), 0.4, np.float32)
    values[2:10, 2:10] = 1.3
    values[5, 5] = 3.1
    expected = np.minimum(values, np.float32(1.3))
    assert np.array_equal(without_small_spots(values, 9), expected)


def test_the_rule_takes_small_spots_out_of_the_finished_map() -> None:
    """As a share of the map's pixels, after smoothing; the default takes out none."""
    values = np.zeros((100, 100), np.float32)
    values[10:14, 10:14] = 2
    values[50:60, 50:60] = 1
    assert finished_map(values, ScoreRule(0, 0)).max() == 2
    assert finished_map(values, ScoreRule(0, 0, minimum_area=16 / 10_000)).max() == 2
    assert finished_map(values, ScoreRule(0, 0, minimum_area=17 / 10_000)).max() == 1
    assert finished_map(values, ScoreRule(0, 0, minimum_area=101 / 10_000)).max() == 0


def test_a_rule_that_cannot_be_cannot_be_built() -> None:
    for name, value in (("smoothing", 0.3), ("top_share", 1.1), ("minimum_area", 0.5), ("minimum_area", -0.1)):
        with pytest.raises(ValueError, match=name):
            ScoreRule(**{name: value})


def test_the_levels_are_fine_enough_for_what_maps_hold() -> None:
    """A spot that stands out by a 16th is never between two levels."""
    assert np.diff(LEVELS).max() <= 1 / 32
    assert LEVELS[-1] >= 3 + 4
