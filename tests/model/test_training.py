"""Training: it learns, the same seed learns the same, and it tells how far it is."""

from collections.abc import Generator
from pathlib import Path

import pytest
import torch

from core.errors import BundleRefused
from model.config import NetworkConfig, ScoreRule, TrainingConfig
from model.detector import load_detector
from model.encoder import open_encoder
from model.letter import Letter
from model.pace import Pace, Progress, learning_rate
from model.recipe import GoodImages, Recipe, TooFewImages, read_good_images, train_bundle
from model.textures import procedural_textures
from model.training import classifier_steps
from tests.model.pictures import part, write_parts

torch.set_num_threads(1)
CONFIG = NetworkConfig(encoder="resnet18", height=64, width=64, flow_blocks=2, position_channels=16)
QUICK = TrainingConfig(
    passes=1, fewest_steps=3, batch=4, flow_passes=0.01, fewest_flow_steps=3, flow_batch=64, validation_images=4
)


def run(training: Generator[Progress, None, Letter]) -> tuple[list[Progress], Letter]:
    told: list[Progress] = []
    while True:
        try:
            told.append(next(training))
        except StopIteration as end:
            return told, end.value


def recipe(seed: int = 1, warm_start: Path | None = None, config: NetworkConfig = CONFIG) -> Recipe:
    torch.manual_seed(seed)
    encoder = open_encoder("resnet18", "random", reflect=False)
    return Recipe(encoder, config, QUICK, ScoreRule(), procedural_textures(1), "procedural", warm_start)


def trained(out: Path, seed: int = 1, warm_start: Path | None = None) -> tuple[list[Progress], Letter]:
    images = GoodImages([part(number) for number in range(12)], "0" * 64)
    return run(train_bundle(images, recipe(seed, warm_start), out, torch.device("cpu"), lambda: 0.0))


@pytest.mark.slow
def test_the_same_seed_trains_the_same_bundle(tmp_path: Path) -> None:
    """Down to the last bit of the weights; another encoder gives others."""
    letters = [trained(tmp_path / str(i), seed)[1] for i, seed in enumerate((1, 1, 2))]
    assert letters[0] == letters[1]
    assert letters[0].weights_sha256 != letters[2].weights_sha256


@pytest.mark.slow
def test_training_tells_a_rising_share_and_leaves_a_bundle_that_scores(tmp_path: Path) -> None:
    told, letter = trained(tmp_path)
    shares = [progress.share for progress in told]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] < 1
    assert {progress.stage for progress in told} == {
        "learning defects",
        "computing features",
        "learning density",
        "calibrating",
    }
    assert letter.training.images + letter.training.calibration_images == 12
    assert len(letter.calibration_scores) == letter.training.calibration_images
    assert max(letter.calibration_scores) < letter.threshold.reject_from
    assert load_detector(tmp_path, "cpu").letter == letter


@pytest.mark.slow
def test_a_night_goes_on_from_the_bundle_of_the_day(tmp_path: Path) -> None:
    """A warm start takes the bundle's weights, and says so."""
    trained(tmp_path / "day")
    letter = trained(tmp_path / "night", warm_start=tmp_path / "day")[1]
    assert letter.training.warm_start == "day"


@pytest.mark.slow
def test_a_warm_start_of_another_shape_is_refused(tmp_path: Path) -> None:
    trained(tmp_path / "day")
    other = NetworkConfig(encoder="resnet18", height=96, width=96, flow_blocks=2, position_channels=16)
    images = GoodImages([part(number, 96) for number in range(12)], "0" * 64)
    with pytest.raises(BundleRefused, match="96"):
        run(train_bundle(images, recipe(1, tmp_path / "day", other), tmp_path, torch.device("cpu"), lambda: 0.0))


def test_too_few_images_are_refused(tmp_path: Path) -> None:
    write_parts(tmp_path, 7)
    with pytest.raises(TooFewImages, match="7"):
        read_good_images(tmp_path, CONFIG)


def test_good_images_are_known_by_their_content(tmp_path: Path) -> None:
    paths = write_parts(tmp_path, 9)
    before = read_good_images(tmp_path, CONFIG).sha256
    paths[3].write_bytes(paths[4].read_bytes())
    assert read_good_images(tmp_path, CONFIG).sha256 != before


def test_a_tiny_set_gets_steps_and_a_huge_one_no_more_than_time_allows() -> None:
    """Between them it is passes that count."""
    config = TrainingConfig()
    assert classifier_steps(26, config) == config.fewest_steps
    assert classifier_steps(600, config) == 600 * config.passes / config.batch
    assert classifier_steps(100_000, config) == config.most_steps


def test_a_time_budget_ends_a_stage() -> None:
    """The share follows steps or time, whichever is further."""
    now = [0.0]
    pace = Pace(steps=100, seconds=10.0, began=0.0, clock=lambda: now[0])
    assert pace.share(25) == 0.25
    now[0] = 8.0
    assert pace.share(25) == 0.8
    now[0] = 11.0
    assert pace.share(25) == 1.0


def test_the_learning_rate_rises_once_and_falls_to_a_hundredth() -> None:
    rates = [learning_rate(share / 1000) for share in range(1001)]
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert max(rates) == pytest.approx(1.0)
    assert rates[-1] == pytest.approx(0.01)
