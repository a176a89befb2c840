"""What the words of `train` mean for framing and score."""

import argparse

import pytest

from model.arguments import (
    DEFAULT_ENCODER,
    asked_framing,
    completed,
    given_normalisation,
    network_config,
    parser,
    score_rule,
    training_config,
)
from model.config import NetworkConfig, Normalisation, ScoreRule, TrainingConfig
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
    network = network_config(completed(asked(), None), choice.framing, Normalisation())
    assert (network.height, network.width) == (256, 256)


def test_what_is_not_given_is_as_in_the_bundle_that_training_goes_on_from() -> None:
    """Else the encoder's default; what is given stands, and the shapes are compared later."""
    earlier = NetworkConfig("mobilenetv2_100", reflect=True)
    found = completed(asked(), earlier)
    assert (found.encoder, found.reflect) == ("mobilenetv2_100", True)
    assert completed(asked("--encoder", "resnet18"), earlier).encoder == "resnet18"
    found = completed(asked(), None)
    assert (found.encoder, found.reflect) == (DEFAULT_ENCODER, False)


def test_a_tile_without_a_size_is_refused() -> None:
    with pytest.raises(ValueError, match="--input-size"):
        asked_framing(asked("--tile", "256x256"))


def test_a_rule_that_is_given_is_meant_of_the_map_and_the_default_of_a_tile() -> None:
    strip = Framing(4096, 256, 256, 256, 32)
    assert score_rule(asked(), Framing.whole(160, 416)) == ScoreRule()
    assert score_rule(asked(), strip).top_share == ScoreRule().top_share / 16
    given = asked("--smoothing", "0", "--top-share", "0", "--minimum-area", "0.001")
    assert score_rule(given, strip) == ScoreRule(0, 0, 0.001)


def test_without_a_word_of_training_it_is_the_default() -> None:
    assert training_config(asked()) == TrainingConfig()


def test_passes_are_made_as_asked_however_few_or_many() -> None:
    training = training_config(asked("--passes", "2", "--flow-passes", "0.5", "--defect-uses", "1"))
    assert (training.passes, training.flow_passes, training.defect_uses) == (2, 0.5, 1)
    assert training.fewest_steps == training.fewest_flow_steps == 1


@pytest.mark.parametrize(
    "words",
    [
        *(("--passes", "0"), ("--passes", "inf"), ("--flow-passes", "0"), ("--minutes", "nan")),
        *(("--budget", "nan"), ("--review-budget", "nan")),
        *(("--budget", "2"), ("--review-budget", "2"), ("--defect-uses", "0"), ("--frozen-share", "5")),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_trained(words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="must"):
        training_config(asked(*words))


def test_half_a_normalisation_is_refused() -> None:
    assert given_normalisation(asked()) is None
    with pytest.raises(ValueError, match="both"):
        given_normalisation(asked("--weights-mean", "0.5"))


@pytest.mark.parametrize("words", [("--batch", "0"), ("--batch", "-1"), ("--threads", "-3")])
def test_counts_begin_at_one(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["score", "--bundle", "b", "--images", "i", "--maps", "m", *words])
    assert "at least 1" in capsys.readouterr().err
