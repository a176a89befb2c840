"""What the words of `train` mean for framing and score."""

import argparse

import pytest

from model.arguments import asked_framing, network_config, parser, score_rule
from model.config import Normalisation, ScoreRule
from model.framing import Framing


def asked(*words: str) -> argparse.Namespace:
    return parser().parse_args(["train", "--images", "good", "--out", "bundle", *words])


def test_unless_a_size_is_given_the_pictures_decide() -> None:
    assert asked_framing(asked()) is asked_framing(asked("--input-size", "auto")) is None


def test_a_size_is_the_whole_picture_in_one_tile() -> None:
    choice = asked_framing(asked("--input-size", "160x416"))
    assert choice is not None
    assert choice.framing == Framing.whole(160, 416)


def test_a_tile_cuts_a_size() -> None:
    choice = asked_framing(asked("--input-size", "1000x256", "--tile", "256x256"))
    assert choice is not None
    assert choice.framing == Framing(1000, 256, 256, 256, 32)
    network = network_config(asked(), choice.framing, Normalisation())
    assert (network.height, network.width) == (256, 256)


def test_a_tile_without_a_size_is_refused() -> None:
    with pytest.raises(ValueError, match="--input-size"):
        asked_framing(asked("--tile", "256x256"))


def test_a_rule_that_is_given_is_meant_of_the_map_and_the_default_of_a_tile() -> None:
    strip = Framing(4096, 256, 256, 256, 32)
    assert score_rule(asked(), Framing.whole(160, 416)) == ScoreRule()
    assert score_rule(asked(), strip).top_share == ScoreRule().top_share / 16
    given = asked("--smoothing", "0", "--top-share", "0", "--minimum-area", "0.001")
    assert score_rule(given, strip) == ScoreRule(0, 0, 0.001)
