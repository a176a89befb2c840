"""Textures for synthetic defects: from a folder or by formula, the same for the same seed."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ImageRefused
from model.perlin import pattern_mask, perlin_noise
from model.textures import TextureSource, folder_textures, procedural_textures


@pytest.fixture(params=["folder", "procedural"])
def textures(request: pytest.FixtureRequest, tmp_path: Path) -> TextureSource:
    """Both sources, held to the same promises."""
    if request.param == "procedural":
        return procedural_textures(5)
    for number in range(3):
        grain = np.random.default_rng(number).integers(0, 256, (50, 70 + number, 3)).astype(np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), grain)
    return folder_textures(tmp_path)


def test_a_texture_has_the_size_asked_for(textures: TextureSource) -> None:
    """Also where it is larger than its picture and not square."""
    drawn = textures.texture(3, 96, 160)
    assert (drawn.shape, drawn.dtype) == ((96, 160, 3), np.uint8)


def test_the_same_seed_gives_the_same_texture_whatever_was_drawn_before(textures: TextureSource) -> None:
    """No hidden state."""
    first = textures.texture(3, 64, 64)
    textures.texture(4, 64, 64)
    assert np.array_equal(textures.texture(3, 64, 64), first)


def test_textures_of_many_seeds_differ(textures: TextureSource) -> None:
    """Not one picture again and again."""
    assert len({textures.texture(seed, 32, 32).tobytes() for seed in range(20)}) > 15


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    """At once, not in the middle of a training."""
    with pytest.raises(ValueError, match="at least one picture"):
        folder_textures(tmp_path)


def test_a_texture_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    """Whoever gave the folder can find it."""
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    with pytest.raises(ImageRefused, match=r"broken\.png"):
        folder_textures(tmp_path).texture(1, 8, 8)


@given(st.integers(0, 2**31), st.sampled_from([1, 2, 4, 8, 16]), st.sampled_from([1, 2, 4, 8, 16]))
def test_perlin_noise_is_zero_at_lattice_points_and_bounded(seed: int, down: int, right: int) -> None:
    """Its definition: a gradient times the distance to a lattice point."""
    noise = perlin_noise(np.random.default_rng(seed), 64, 48, down, right)
    assert noise.shape == (64, 48)
    assert np.abs(noise).max() <= 1.001
    assert abs(float(noise[0, 0])) <= 16 / 48 * 2


@settings(max_examples=50)
@given(st.integers(0, 2**31), st.integers(32, 100), st.integers(32, 100))
def test_a_pattern_covers_something_but_never_most(seed: int, height: int, width: int) -> None:
    """At any size of the picture, a multiple of the scale or not."""
    mask = pattern_mask(np.random.default_rng(seed), height, width)
    assert mask.shape == (height, width)
    assert 0 < mask.mean() < 0.4
