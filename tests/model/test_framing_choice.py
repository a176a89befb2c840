"""The automatic choice: from sizes alone, as a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.framing import Framing
from model.framing_choice import chosen_framing


@pytest.mark.parametrize(
    ("picture", "chosen"),
    [
        ((256, 256), "256x256"),
        ((128, 128), "256x256"),
        ((900, 900), "256x256"),
        ((2048, 2048), "256x256"),
        ((460, 1130), "160x416"),
        ((1130, 460), "416x160"),
        ((576, 768), "224x288"),
        ((768, 576), "288x224"),
        ((380, 550), "224x320"),
        ((64, 300), "128x544"),
        ((4096, 256), "4096x256 in 19 tiles of 256x256"),
        ((256, 4096), "256x4096 in 19 tiles of 256x256"),
        ((200, 2000), "224x2000 in 11 tiles of 224x224"),
        ((8192, 1024), "2048x256 in 9 tiles of 256x256"),
        ((4000, 20000), "500x2500 in 36 tiles of 256x256"),
        ((2100, 2100), "288x288"),
        ((4096, 4096), "512x512 in 9 tiles of 256x256"),
        ((2048, 4096), "256x512 in 3 tiles of 256x256"),
    ],
)
def test_the_choice_follows_the_pictures_size(picture: tuple[int, int], chosen: str) -> None:
    assert str(chosen_framing([picture]).framing) == chosen


@given(st.integers(1, 20000), st.integers(1, 20000))
def test_every_picture_gets_a_framing_that_shrinks_it_no_more_than_said(height: int, width: int) -> None:
    """Nor does any choice ask for inputs much larger than the target, or turn with the picture."""
    framing = chosen_framing([(height, width)]).framing
    assert framing.tile_height * framing.tile_width <= 1.6 * 256 * 256
    turned = chosen_framing([(width, height)]).framing
    assert (turned.width, turned.height, turned.tile_width, turned.tile_height) == (
        framing.height,
        framing.width,
        framing.tile_height,
        framing.tile_width,
    )
    if height * width > 256 * 256 and max(height / width, width / height) < 20:
        assert height * width / (framing.height * framing.width) < 1.5 * 64


def test_the_target_area_is_a_parameter() -> None:
    assert chosen_framing([(900, 900)], 128 * 128).framing == Framing.whole(128, 128)
    assert str(chosen_framing([(4096, 256)], 128 * 128).framing) == "2048x128 in 19 tiles of 128x128"


def test_pictures_of_many_sizes_share_the_framing_of_the_one_in_the_middle() -> None:
    """One odd picture does not decide."""
    choice = chosen_framing([(460, 1130)] * 5 + [(2000, 300)])
    assert choice.framing == Framing.whole(160, 416)
    assert "about 460x1130" in choice.reason


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        ((460, 1130), "pictures of 460x1130 keep their aspect at the area of 256x256"),
        ((4096, 256), "full resolution"),
        ((4096, 4096), "shrunk 8-fold"),
    ],
)
def test_the_choice_gives_its_reason(picture: tuple[int, int], reason: str) -> None:
    assert reason in chosen_framing([picture]).reason


def test_without_pictures_there_is_no_choice() -> None:
    with pytest.raises(ValueError, match="none"):
        chosen_framing([])
