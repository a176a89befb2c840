"""Framing: nothing of a picture is lost between its tiles, and no seam is added."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.verdict import ScoreMap
from model.config import NetworkConfig, ScoreRule
from model.detector import TileAnswer, stitched_score_map
from model.framing import Framing, rule_for
from model.framing_choice import chosen_framing
from tests.model.bundles import letter

Pixels = NDArray[np.uint8]


@st.composite
def framings(draw: st.DrawFn) -> Framing:
    tile_height, tile_width = (32 * draw(st.integers(2, 4)) for _ in range(2))
    height, width = (tile + draw(st.integers(0, 300)) for tile in (tile_height, tile_width))
    return Framing(height, width, tile_height, tile_width, draw(st.integers(0, 63)))


@given(framings())
def test_tiles_cover_every_pixel_and_neighbours_share_the_overlap(framing: Framing) -> None:
    covered = np.zeros((framing.height, framing.width), np.bool_)
    for tile in framing.cut(covered):
        assert tile.shape == (framing.tile_height, framing.tile_width)
        tile[:] = True
    assert covered.all()
    for axis, tile_side in enumerate((framing.tile_height, framing.tile_width)):
        starts = sorted({corner[axis] for corner in framing.corners})
        steps = np.diff(starts)
        assert all(steps <= tile_side - framing.overlap)
        assert steps.size == 0 or steps.max() - steps.min() <= 1


@settings(max_examples=30)
@given(framings(), st.integers(0, 2**31))
def test_what_was_cut_is_stitched_to_what_it_was(framing: Framing, seed: int) -> None:
    """To the last bit, as a map and as a picture."""
    values = np.random.default_rng(seed).normal(size=(framing.height, framing.width)).astype(np.float32)
    assert np.array_equal(framing.stitched(framing.cut(values)), values)
    picture = np.random.default_rng(seed).integers(0, 256, (framing.height, framing.width, 3), dtype=np.uint8)
    assert np.array_equal(framing.uncut(framing.cut(picture)), picture)


@settings(max_examples=30)
@given(framings(), st.integers(0, 2**31))
def test_a_stitched_value_lies_between_the_values_of_the_tiles_there(framing: Framing, seed: int) -> None:
    """So a seam is never higher than both of its sides."""
    levels = np.random.default_rng(seed).normal(size=framing.tiles).astype(np.float32)
    maps = [np.full((framing.tile_height, framing.tile_width), level, np.float32) for level in levels]
    lowest, highest = np.full((2, framing.height, framing.width), np.inf, np.float32)
    highest = -highest
    for low, high, level in zip(framing.cut(lowest), framing.cut(highest), levels, strict=True):
        np.minimum(low, level, out=low)
        np.maximum(high, level, out=high)
    found = framing.stitched(maps)
    assert (lowest <= found).all()
    assert (found <= highest).all()


def test_one_tile_fades_into_the_next() -> None:
    """Over the whole overlap, in equal steps."""
    framing = Framing(64, 112, 64, 64, 16)
    found = framing.stitched([np.zeros((64, 64), np.float32), np.ones((64, 64), np.float32)])
    assert (found[:, :48] == 0).all()
    assert (found[:, 64:] == 1).all()
    assert np.allclose(np.diff(found[0, 48:64]), 1 / 17)


def test_the_map_of_a_single_tile_is_the_map() -> None:
    values = np.random.default_rng(1).normal(size=(64, 96)).astype(np.float32)
    assert Framing.whole(64, 96).stitched([values]) is values


def test_tiles_are_views_of_the_picture() -> None:
    """Hundreds of long strips are held once."""
    strip = np.zeros((1024, 64, 3), np.uint8)
    assert all(np.shares_memory(tile, strip) for tile in Framing(1024, 64, 64, 64, 8).cut(strip))


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ((64, 64, 48, 64, 0), "multiple of 32"),
        ((64, 64, 32, 64, 0), "from 64"),
        ((64, 64, 64, 96, 0), "longer than"),
        ((64, 640, 64, 64, 64), "shorter than a tile"),
        ((64, 640, 64, 64, -1), "shorter than a tile"),
    ],
)
def test_a_framing_that_cannot_be_cannot_be_built(sides: tuple[int, int, int, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Framing(*sides)


def test_a_picture_of_another_size_is_not_cut() -> None:
    with pytest.raises(ValueError, match="64 x 640"):
        Framing(64, 640, 64, 64, 8).cut(np.zeros((64, 64, 3), np.uint8))


def strip_with_pit(down: int, right: int) -> Pixels:
    """A noisy strip of 4096 x 256 with a dark pit, 10 pixels across."""
    strip = np.random.default_rng(3).normal(150, 3, (4096, 256, 3))
    cv2.circle(strip, (right, down), 5, (60, 60, 60), cv2.FILLED)
    return np.clip(strip, 0, 255).astype(np.uint8)


def contrast(picture: Pixels) -> NDArray[np.float32]:
    """How far each pixel is from the mean around it, in 0..1: a network's place is taken by this."""
    grey = picture.mean(axis=2).astype(np.float32) / 255
    return np.abs(grey - cv2.blur(grey, (61, 61), borderType=cv2.BORDER_REFLECT_101))


def judged(picture: Pixels, framing: Framing, rule: ScoreRule) -> ScoreMap:
    """The picture's finished map and score, with local contrast for A_p and nothing for A_nf."""
    tiles = [contrast(tile) for tile in framing.cut(framing.scaled(picture))]
    answers = [TileAnswer(tile, np.zeros_like(tile), np.zeros(1, np.float32)) for tile in tiles]
    return stitched_score_map(answers, replace(letter("0" * 64, network_of(framing), framing), score_rule=rule))


def network_of(framing: Framing) -> NetworkConfig:
    return NetworkConfig(height=framing.tile_height, width=framing.tile_width)


@pytest.mark.parametrize("down", [300, 3, 213, 240, 448, 1000, 4090])
def test_a_pit_of_ten_pixels_on_a_strip_keeps_its_peak(down: int) -> None:
    """Wherever it lies, on a seam or at an end; in one input of 256 x 256 hardly a pixel of it is left."""
    good, bad = strip_with_pit(-100, 0), strip_with_pit(down, 128)
    framing = chosen_framing([(4096, 256)]).framing
    rule = rule_for(framing, ScoreRule())
    peak = judged(bad, framing, ScoreRule(0, 0)).combined.max()
    assert peak > 0.9 * contrast(bad).max()
    assert judged(bad, framing, rule).score > 6 * judged(good, framing, rule).score
    small = Framing.whole(256, 256)
    assert judged(bad, small, ScoreRule(0, 0)).combined.max() < 0.75 * peak
    assert judged(bad, small, ScoreRule()).score < 0.5 * judged(bad, framing, rule).score


def test_a_rule_is_meant_of_one_tile() -> None:
    """The same pixels are smoothed, averaged and asked of a spot on a tile alone and on a strip of sixteen."""
    rule = ScoreRule(smoothing=1 / 128, top_share=0.001, minimum_area=0.0005)
    assert rule_for(Framing.whole(160, 416), rule) == rule
    assert rule_for(Framing(4096, 256, 256, 256, 32), rule) == ScoreRule(1 / 128, 0.001 / 16, 0.0005 / 16)
    assert rule_for(Framing(1024, 1024, 256, 256, 32), rule) == ScoreRule(1 / 512, 0.001 / 16, 0.0005 / 16)
