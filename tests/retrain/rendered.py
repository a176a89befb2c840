"""A real small network of rendered parts that has learned enough to find a blot, in seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.frame import Image, sha256_of
from core.retraining import LearnedPart, Origin, RunState, Use
from core.verdict import ScoreMap
from model.calibration import split
from model.config import NetworkConfig, ScoreRule, TrainingConfig
from model.detector import load_detector
from model.encoder import open_encoder
from model.recipe import GoodImages, train_bundle
from model.recipe import Recipe as TrainingRecipe
from model.textures import procedural_textures
from retrain.workshop.__main__ import done
from retrain.workshop.jobs import Job
from retrain.workshop_door import Watch
from tests.retrain.nights import DAY_BEFORE, SIDE, NightLine, Pixels, encoded, good_part

NETWORK = NetworkConfig(encoder="test_resnet", height=SIDE, width=SIDE, flow_blocks=2, position_channels=32)
BUDGET = 1 / 20
SEED = 1


@cache
def blotted(seed: int) -> Pixels:
    """The good part of this seed with a blot as wide as a third of the picture: even a small network sees it."""
    dice, pixels = np.random.default_rng([seed, 9]), good_part(seed).astype(np.float64)
    down, across = dice.integers(SIDE // 4, 3 * SIDE // 4, 2)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    inside = ((rows - down) ** 2 + (columns - across) ** 2 < (SIDE / 6) ** 2)[:, :, None]
    return np.asarray(np.where(inside, np.array([230.0, 40.0, 30.0]), pixels), np.uint8)


def defect_mask(seed: int) -> NDArray[np.bool_]:
    """Where the blotted part differs from the good one: pose, light, grain and noise are the same."""
    difference = np.abs(good_part(seed).astype(np.int16) - blotted(seed)).max(axis=2)
    return np.asarray(difference > 12, np.bool_)


class NoProgress:
    """Nobody watches."""

    def tell(self, _: object) -> None:
        """Nothing."""


def work_here(job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
    """Shop.work with the real workshop in this process: no start of one for each of many jobs."""
    return done(job, NoProgress())


def train_first(
    line: NightLine, seeds: Sequence[int], passes: float, flow_passes: float, reviewed: float = BUDGET
) -> int:
    """A first model of these good parts, promoted, its pictures known for the night to go back to.

    In so few steps every defect it is shown is new, or it would know a few dozen.
    """
    training = TrainingConfig(
        seed=SEED, passes=passes, fewest_steps=1, flow_passes=flow_passes, fewest_flow_steps=1, fewest_views=1,
        validation_images=32, validations=5, defect_uses=1.0, false_reject_budget=BUDGET, review_budget=reviewed,
    )  # fmt: skip
    torch.manual_seed(SEED)
    encoder = open_encoder(NETWORK.encoder, "random", reflect=False)
    recipe = TrainingRecipe(encoder, NETWORK, training, ScoreRule(), procedural_textures(SEED), "procedural")
    bundle = line.folder / "first"
    pictures = GoodImages([good_part(seed) for seed in seeds], "0" * 64)
    for _ in train_bundle(pictures, recipe, bundle, torch.device("cpu"), lambda: 0.0):
        pass
    model = line.promote(bundle)
    keep_first(line, seeds, model)
    return model


def keep_first(line: NightLine, seeds: Sequence[int], model: int) -> None:
    """What a first model learned from, as the station keeps it."""
    calibrating = set(split(len(seeds), SEED).calibration)
    parts = []
    for number, seed in enumerate(seeds):
        content = encoded(good_part(seed))
        uri = line.artifacts.put(f"learned/disc/{seed}.png", content)
        use = Use.CALIBRATE if number in calibrating else Use.TRAIN
        parts.append(LearnedPart(sha256_of(content), uri, DAY_BEFORE, "", "", Origin.ACCEPTED, use))
    run = line.ledger.begin_run("disc", f"first model {model}", DAY_BEFORE, "ada", "first model")
    snapshot = line.ledger.keep_snapshot("disc", parts, DAY_BEFORE)
    changes = {"state": RunState.PROMOTED, "candidate_id": model, "snapshot_id": snapshot.id}
    line.ledger.save_run(replace(run, **changes))


def maps_of(bundle: Path, pictures: Sequence[Pixels]) -> list[ScoreMap]:
    """What a bundle makes of pictures."""
    detector = load_detector(bundle, "cpu")
    return [
        found
        for start in range(0, len(pictures), 8)
        for found in detector.score([Image(pixels) for pixels in pictures[start : start + 8]])
    ]
