"""The same seed and the same pictures make the same bundle, to the last bit of both files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.frame import Image
from model.bundle import bundle_sha256
from model.calibration import split
from model.config import NetworkConfig, ScoreRule, TrainingConfig
from model.detector import load_detector
from model.encoder import open_encoder
from model.framing import Framing, rule_for
from model.recipe import GoodImages, Recipe, train_bundle
from model.textures import procedural_textures
from tests.model.pictures import strip

FRAMING = Framing(64, 176, 64, 64, 8)
QUICK = TrainingConfig(
    passes=1, fewest_steps=3, batch=4, flow_passes=0.01, fewest_flow_steps=3, flow_batch=64, validation_images=4
)
PROGRAM = """
import sys
from pathlib import Path
from tests.model.test_determinism import trained_sha256

print(trained_sha256(Path(sys.argv[1])))
"""


def trained_sha256(out: Path, seed: int = 1) -> str:
    """The hash of a tiny bundle, trained on the tiles of eight strips."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    encoder = open_encoder("test_resnet", "random", reflect=False)
    config = NetworkConfig("test_resnet", 64, 64, flow_blocks=2, position_channels=16)
    rule = rule_for(FRAMING, ScoreRule())
    recipe = Recipe(encoder, config, QUICK, rule, procedural_textures(1), "procedural", None, FRAMING)
    images = GoodImages([strip(number, FRAMING.height, FRAMING.width) for number in range(8)], "0" * 64)
    # The clock goes on differently in every run: nothing of it may stay in a bundle.
    passed = iter(range(os.getpid() % 100, 100_000))
    for _ in train_bundle(images, recipe, out, torch.device("cpu"), lambda: float(next(passed))):
        pass
    return bundle_sha256(out)


def test_a_bundle_of_tiles_counts_pictures(tmp_path: Path) -> None:
    """Eight strips are six to learn from and two calibration parts, in however many tiles; it scores whole strips."""
    trained_sha256(tmp_path)
    detector = load_detector(tmp_path, "cpu")
    training = detector.letter.training
    assert (training.images, training.calibration_images, len(detector.letter.calibration_scores)) == (6, 2, 2)
    assert "there are 2: using the maximum plus a margin" in detector.letter.threshold_reasons[0]
    calibration = split(8, seed=1).calibration
    scored = detector.score([Image(strip(number, FRAMING.height, FRAMING.width)) for number in calibration])
    assert [score_map.score for score_map in scored] == pytest.approx(detector.letter.calibration_scores, rel=1e-4)


def in_another_process(out: Path) -> str:
    hash_seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    words = [sys.executable, "-c", PROGRAM, str(out)]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    return subprocess.run(words, capture_output=True, text=True, check=True, env=environment).stdout.strip()


def test_the_same_seed_trains_the_same_bundle_of_tiles(tmp_path: Path) -> None:
    """Another seed does not."""
    found = [trained_sha256(tmp_path / str(number), seed) for number, seed in enumerate((1, 1, 2))]
    assert found[0] == found[1] != found[2]


@pytest.mark.slow
def test_another_process_trains_the_same_bundle(tmp_path: Path) -> None:
    """Whatever order its sets of strings have, and whatever its clock says."""
    assert in_another_process(tmp_path / "there") == trained_sha256(tmp_path / "here")
