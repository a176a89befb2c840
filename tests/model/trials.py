"""Ablations small enough for a test: a tiny network, a handful of steps."""

from argparse import Namespace
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import torch

from model.ablation import AblationRule, Trial
from model.config import NetworkConfig, ScoreRule, TrainingConfig
from model.datasets import read_dataset
from model.defects import DefectRule
from model.encoder import open_encoder
from model.object_mask import MaskRule
from model.recipe import GoodImages, Recipe, read_good_images
from model.textures import procedural_textures

CONFIG = NetworkConfig(encoder="resnet18", height=64, width=64, flow_blocks=1, position_channels=16)
QUICK = TrainingConfig(
    passes=0.1, fewest_steps=2, batch=4, flow_passes=0.01, fewest_flow_steps=2, flow_batch=64, validation_images=2
)
Told = TypeVar("Told")
Trained = TypeVar("Trained")


def quick_recipe(seed: int = 1) -> Recipe:
    """A random encoder, taken as if it came from ImageNet: nothing is estimated, statistics stay frozen."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder = open_encoder("resnet18", "random", reflect=False)
    known = type(encoder)(encoder.backbone, encoder.normalisation, "imagenet")
    defects = DefectRule(mask=MaskRule())
    return Recipe(known, CONFIG, QUICK, ScoreRule(), procedural_textures(1), "procedural", defects=defects)


def prepare(arguments: Namespace, folder: Path) -> tuple[Recipe, GoodImages]:
    """The same whatever the command line says of the network."""
    return quick_recipe(arguments.seed), read_good_images(folder, CONFIG)


def trial(root: Path, rule: AblationRule | None = None) -> Trial:
    """On a product that lies below `root`."""
    dataset = read_dataset(root)
    images = read_good_images(dataset.good_folder, CONFIG)
    return Trial(images, dataset, quick_recipe(), rule or AblationRule(), torch.device("cpu"), lambda: 0.0)


def finished(training: Generator[Told, None, Trained], told: list[Told] | None = None) -> Trained:
    """Run it to its end, keeping what it tells."""
    while True:
        try:
            progress = next(training)
        except StopIteration as end:
            return end.value
        if told is not None:
            told.append(progress)
