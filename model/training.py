"""Both stages of training, then the constants that a bundle freezes. A generator: it yields progress, prints nothing.

Shapes: B images, C channels, H x W pixels.
"""

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from model.classifier_training import ClassifierTask, ClassifierTrainer, Examples, examples
from model.config import NetworkConfig, TrainingConfig
from model.defects import DefectDrawer, SyntheticDefect
from model.detector import prepared
from model.encoder import BATCHES_FOR_STATISTICS, RANDOM, Encoder, estimate_statistics
from model.flow_training import features_of, train_flows
from model.network import Network
from model.pace import Pace, Progress, Seconds

Pixels = NDArray[np.uint8]
VALIDATION_BATCH = 8
CLASSIFIER_SHARE, FLOW_SHARE = 0.7, 0.25
"""Shares of the progress told; the rest is calibration."""
MEASURING_RESERVE = 0.9
"""Share of a time budget that both stages may use: the rest reads features and calibrates."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Good pictures at the network's input size, split, and what draws defects on either part."""

    train: list[Pixels]
    calibration: list[Pixels]
    train_drawer: DefectDrawer
    calibration_drawer: DefectDrawer


@dataclass(frozen=True, slots=True)
class Spent:
    """Image passes of stage 1 and passes over all vectors of stage 2 that were really made."""

    passes: float
    flow_passes: float


def new_network(encoder: Encoder, config: NetworkConfig, seed: int) -> Network:
    """An untrained decoder and untrained flows on this encoder; the same seed gives the same."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Network(config, encoder.backbone)


def train_network(
    network: Network,
    material: Material,
    config: TrainingConfig,
    encoder_weights: str,
    clock: Seconds,
    trainer_of: type[ClassifierTrainer] = ClassifierTrainer,
) -> Generator[Progress, None, Spent]:
    """Stage 1 and stage 2; the network is trained in place.

    With random encoder weights the batch-norm statistics are first estimated from the training pictures.
    `trainer_of` is what runs stage 1: an ablation puts another task there.
    """
    began = clock()
    device = next(network.parameters()).device
    network.to(memory_format=torch.channels_last)
    if encoder_weights == RANDOM:
        estimate_statistics(network.encoder, plain_batches(material.train, network, config.batch))
    trainer = trainer_of(network, config, encoder_weights, device)
    steps = yield from _first_stage(trainer, network, material, config, clock)
    vectors = features_of(material.train, network, device)
    validation = features_of(material.calibration, network, device)
    per_pass = len(vectors[0].positions) / config.flow_batch
    left = max(1.0, _seconds(config, 1.0) - (clock() - began))
    pace = Pace(flow_steps(per_pass, config), left, clock(), clock)
    told = _told(train_flows(network, vectors, validation, config, pace), CLASSIFIER_SHARE, FLOW_SHARE)
    flow_done = yield from told
    return Spent(steps * config.batch / len(material.train), flow_done / per_pass)


def _first_stage(
    trainer: ClassifierTrainer, network: Network, material: Material, config: TrainingConfig, clock: Seconds
) -> Generator[Progress, None, int]:
    task = ClassifierTask(material.train, material.train_drawer, validation_examples(network, material, config))
    seconds = _seconds(config, 1 - config.flow_share)
    pace = Pace(classifier_steps(len(material.train), config), seconds, clock(), clock)
    return (yield from _told(trainer.train(task, pace), 0.0, CLASSIFIER_SHARE))


def _told(stage: Iterator[Progress], begins: float, share: float) -> Generator[Progress, None, int]:
    """A stage's progress as a part of the whole; returns the number of its steps."""
    steps = 0
    for progress in stage:
        steps += 1
        yield Progress(progress.stage, begins + share * progress.share, progress.loss)
    return steps


def _seconds(config: TrainingConfig, share: float) -> float:
    return config.minutes * 60 * MEASURING_RESERVE * share if config.minutes else math.inf


def classifier_steps(images: int, config: TrainingConfig) -> int:
    """Steps of stage 1: by passes, and not fewer than the least that converges."""
    return max(config.fewest_steps, math.ceil(config.passes * images / config.batch))


def flow_steps(steps_per_pass: float, config: TrainingConfig) -> int:
    """Steps of stage 2, likewise."""
    return max(config.fewest_flow_steps, math.ceil(config.flow_passes * steps_per_pass))


def plain_batches(images: Sequence[Pixels], network: Network, batch: int) -> Iterator[torch.Tensor]:
    """A few batches of good pictures as they are."""
    device = next(network.parameters()).device
    for start in range(0, min(len(images), BATCHES_FOR_STATISTICS * batch), batch):
        yield prepared(images[start : start + batch], network.config).to(device)


def validation_examples(network: Network, material: Material, config: TrainingConfig) -> list[Examples]:
    """Synthetic defects on calibration pictures, the same at every look."""
    drawn = drawn_on(material.calibration_drawer, len(material.calibration), config.validation_images, config.seed)
    batches = [drawn[start : start + VALIDATION_BATCH] for start in range(0, len(drawn), VALIDATION_BATCH)]
    return [examples([(defect.image, defect.label) for defect in batch], network) for batch in batches]


def drawn_on(drawer: DefectDrawer, pictures: int, count: int, seed: int) -> list[SyntheticDefect]:
    """`count` synthetic defects, on each picture in turn."""
    generator = np.random.default_rng([seed, 2])
    return [drawer.draw(i % pictures, int(generator.integers(2**31))) for i in range(count)]
