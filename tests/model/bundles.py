"""A small untrained bundle: everything is there, nothing makes sense."""

from functools import partial
from pathlib import Path

import torch

from core.verdict import Threshold
from model.bundle import save_bundle
from model.config import NetworkConfig, ScoreRule
from model.framing import Framing
from model.letter import Letter, Training
from model.network import Network

CONFIG = NetworkConfig(encoder="resnet18", height=64, width=64, flow_blocks=2, position_channels=16)


def letter(weights_sha256: str, config: NetworkConfig = CONFIG, framing: Framing | None = None) -> Letter:
    """A letter to these weights."""
    training = Training(20, 4, "0" * 64, "random", "procedural", 1, 2.5, 1.5, "", {"torch": "2"})
    return Letter(
        network=config,
        framing=framing or Framing.whole(config.height, config.width),
        likeliest=(-1.0, -1.0, -1.0),
        most_normal=3.0,
        weight=1.0,
        score_rule=ScoreRule(),
        threshold=Threshold(1.0, 2.0),
        threshold_reasons=("few parts",),
        calibration_scores=(0.5, 0.75),
        typical_pixel=0.25,
        training=training,
        weights_sha256=weights_sha256,
    )


def write_bundle(folder: Path, config: NetworkConfig = CONFIG, seed: int = 1, framing: Framing | None = None) -> Letter:
    """Save it."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Network(config)
    return save_bundle(folder, network.state_dict(), partial(letter, config=config, framing=framing))
