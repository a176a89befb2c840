"""Both stages of training, then the constants that a bundle freezes. A generator: it yields progress, prints nothing.

Shapes: B images, C channels, H x W pixels.
"""

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from model.classifier_training import ClassifierTask, ClassifierTrainer, Examples, examples
from model.config import NetworkConfig, TrainingConfig
from model.defects import DefectDrawer, SyntheticDefect
from model.detector import prepared
from model.encoder import BATCHES_FOR_STATISTICS, RANDOM, Encoder, estimate_statistics
from model.feature_cache import KEPT_VECTORS, VALIDATION_KEPT, Vectors, features_of
from model.flow_training import train_flows
from model.memory import give_back
from model.network import Network
from model.pace import Pace, Progress, Seconds
from model.variation import VariationRule, varied

Pixels = NDArray[np.uint8]
VALIDATION_BATCH = 8
CLASSIFIER_SHARE, FEATURE_SHARE, FLOW_SHARE = 0.7, 0.05, 0.2
"""Of the whole, as it is told; the rest calibrates."""
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
    network.to(memory_format=torch.channels_last)
    if encoder_weights == RANDOM:
        estimate_statistics(network.encoder, plain_batches(material.train, network, config.batch))
    # Nothing here holds the trainer: its optimiser and best state end with the stage.
    passes = yield from _first_stage(
        trainer_of(network, config, encoder_weights, next(network.parameters()).device),
        *(network, material, config, clock),
    )
    network.zero_grad(set_to_none=True)
    give_back()
    flow_passes = yield from _second_stage(network, material, config, began, clock)
    return Spent(passes, flow_passes)


def _second_stage(
    network: Network, material: Material, config: TrainingConfig, began: float, clock: Seconds
) -> Generator[Progress, None, float]:
    device = next(network.parameters()).device
    pictures = (with_views(material.train, config), material.calibration)
    learned, held_out = (
        features_of(part, network, device, config.feature_memory_mib, most)
        for part, most in zip(pictures, (KEPT_VECTORS, VALIDATION_KEPT), strict=True)
    )
    vectors = yield from _seen(learned, CLASSIFIER_SHARE, FEATURE_SHARE)
    validation = yield from _seen(held_out, CLASSIFIER_SHARE + FEATURE_SHARE, 0.0)
    give_back()
    left = max(1.0, _seconds(config, 1.0) - (clock() - began))
    pace = Pace(flow_steps(len(vectors[0].positions) / config.flow_batch, config), left, clock(), clock)
    flows = train_flows(network, vectors, validation, config, pace)
    return (yield from _told(flows, CLASSIFIER_SHARE + FEATURE_SHARE, FLOW_SHARE))


def _seen(
    features: Generator[float, None, list[Vectors]], begins: float, share: float
) -> Generator[Progress, None, list[Vectors]]:
    """The pictures that the encoder has seen, as progress: of thousands that takes minutes."""
    while True:
        try:
            seen = next(features)
            yield Progress("computing features", begins + share * seen, 0.0, seen)
        except StopIteration as end:
            vectors: list[Vectors] = end.value
            return vectors


def _first_stage(
    trainer: ClassifierTrainer, network: Network, material: Material, config: TrainingConfig, clock: Seconds
) -> Generator[Progress, None, float]:
    task = ClassifierTask(material.train, material.train_drawer, validation_examples(network, material, config))
    seconds = _seconds(config, 1 - config.flow_share)
    pace = Pace(classifier_steps(len(material.train), config), seconds, clock(), clock)
    return (yield from _told(trainer.train(task, pace), 0.0, CLASSIFIER_SHARE))


def with_views(pictures: list[Pixels], config: TrainingConfig) -> list[Pixels]:
    """The pictures, and other views of them until there are `fewest_views`: few pictures say little of what varies."""
    generator = np.random.default_rng([config.seed, 5])
    wanted = max(0, config.fewest_views - len(pictures))
    chosen = (pictures[number % len(pictures)] for number in range(wanted))
    return pictures + [view_of(picture, generator) for picture in chosen]


def view_of(picture: Pixels, generator: np.random.Generator) -> Pixels:
    """One view of a picture."""
    return varied(picture, np.zeros(picture.shape[:2], np.float32), VariationRule(), generator)[0]


def _told(stage: Iterator[Progress], begins: float, share: float) -> Generator[Progress, None, float]:
    """A stage's progress as a part of the whole; returns the passes it made."""
    passes = 0.0
    for progress in stage:
        passes = progress.passes
        yield replace(progress, share=begins + share * progress.share)
    return passes


def _seconds(config: TrainingConfig, share: float) -> float:
    return config.minutes * 60 * MEASURING_RESERVE * share if config.minutes else math.inf


def classifier_steps(images: int, config: TrainingConfig) -> int:
    """Steps of stage 1: by passes, not fewer than the least that converges, nor more than time allows."""
    return bounded(config.fewest_steps, config.passes * images / config.batch, config.most_steps)


def flow_steps(steps_per_pass: float, config: TrainingConfig) -> int:
    """Steps of stage 2, likewise."""
    return bounded(config.fewest_flow_steps, config.flow_passes * steps_per_pass, config.most_flow_steps)


def bounded(fewest: int, wanted: float, most: int) -> int:
    """The wanted number of steps within its bounds; where they contradict each other the fewest count."""
    return max(fewest, min(most, math.ceil(wanted)))


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
