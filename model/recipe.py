"""From a folder of good pictures to a bundle: reads, splits, trains, freezes the constants, writes.

The one place where training, synthetic defects and calibration meet.
"""

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import BundleRefused, LineError
from model.bundle import load_bundle, save_bundle
from model.calibration import FittedThreshold, choose_w, fit_threshold, split
from model.config import NetworkConfig, ScoreRule, TrainingConfig
from model.defects import DefectDrawer, DefectRule
from model.detector import filled_network
from model.encoder import Encoder
from model.finishing import Extremes, MapPair, extremes_of, map_pairs, scores_of, typical_pixel
from model.images import image_paths, read_image, resized
from model.letter import Letter, Training
from model.network import InferenceNetwork, Network
from model.object_mask import choose_mask_rule
from model.pace import Progress, Seconds
from model.parity_evidence import NOT_YET, parity_evidence
from model.scoring import ScoreConstants, image_score
from model.textures import TextureSource
from model.training import Material, Spent, new_network, train_network

Pixels = NDArray[np.uint8]
LIBRARIES = ("torch", "timm", "FrEIA", "numpy", "opencv-python-headless")


class TooFewImages(LineError):
    """Training needs at least eight good images: name a folder that holds them."""


FEWEST_IMAGES = 8


@dataclass(frozen=True, slots=True, eq=False)
class GoodImages:
    """Good pictures at the network's input size, and a hash over the files they came from."""

    pictures: list[Pixels]
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """Everything that decides a bundle besides the pictures."""

    encoder: Encoder
    network: NetworkConfig
    training: TrainingConfig
    score_rule: ScoreRule
    textures: TextureSource
    textures_name: str
    warm_start: Path | None = None
    engine: str = ""
    """The engine that the parity gate tries at the end: `auto`, a name, or empty for none."""


def read_good_images(folder: Path, config: NetworkConfig) -> GoodImages:
    """All images below the folder, in the order of their paths.

    Raises:
        TooFewImages: There are not enough.
        ImageRefused: One of them cannot be decoded.
    """
    paths = image_paths(folder)
    if len(paths) < FEWEST_IMAGES:
        raise TooFewImages(f"{len(paths)} in {folder}")
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    pictures = [resized(read_image(path).pixels, config.height, config.width) for path in paths]
    return GoodImages(pictures, digest.hexdigest())


def train_bundle(
    images: GoodImages, recipe: Recipe, out: Path, device: torch.device, clock: Seconds
) -> Generator[Progress, None, Letter]:
    """Train on these pictures and write the bundle; yields progress, returns the bundle's letter."""
    material = material_of(images.pictures, recipe)
    network = starting_network(recipe).to(device)
    began_with = recipe.encoder.source if recipe.warm_start is None else "warm start"
    spent = yield from train_network(network, material, recipe.training, began_with, clock)
    yield Progress("calibrating", 0.95, 0.0)
    letter_for = partial(_letter, images, material, recipe, spent, finish(network, material, recipe))
    yield Progress("calibrating", 0.97, 0.0)
    evidence = parity_evidence(network, letter_for(weights_sha256=NOT_YET), material.calibration, recipe.engine, device)
    tensors = network.state_dict() | evidence.tensors
    return save_bundle(out, tensors, lambda weights_sha256: replace(letter_for(weights_sha256), parity=evidence.parity))


def starting_network(recipe: Recipe) -> Network:
    """A new network on the recipe's encoder, or the one of an earlier bundle.

    Raises:
        BundleRefused: The earlier bundle is damaged or of another shape.
    """
    if recipe.warm_start is None:
        return new_network(recipe.encoder, recipe.network, recipe.training.seed)
    letter, tensors = load_bundle(recipe.warm_start)
    if letter.network != recipe.network:
        raise BundleRefused(f"a warm start from {letter.network} to {recipe.network}")
    return filled_network(letter.network, tensors)


def material_of(pictures: Sequence[Pixels], recipe: Recipe) -> Material:
    """The pictures split into training and calibration, with what draws defects on either."""
    parts = split(len(pictures), recipe.training.seed)
    rule = DefectRule(mask=choose_mask_rule(pictures))
    train, calibration = ([pictures[i] for i in indices] for indices in (parts.training, parts.calibration))
    drawers = [DefectDrawer(part, recipe.textures, rule) for part in (train, calibration)]
    return Material(train, calibration, *drawers)


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """The constants taken on calibration pictures."""

    constants: ScoreConstants
    threshold: FittedThreshold
    scores: list[float]
    typical_pixel: float


def finish(network: Network, material: Material, recipe: Recipe) -> Finished:
    """Freeze u_i, n_max, w and the threshold."""
    inference, config = InferenceNetwork(network), recipe.network
    extremes = extremes_of(inference, material.calibration, config)
    good = map_pairs(inference, material.calibration, extremes, config)
    weight = chosen_weight(inference, material, recipe, extremes, good)
    scores = scores_of(good, weight, recipe.score_rule)
    return Finished(
        ScoreConstants(extremes.likeliest, extremes.most_normal, weight),
        fit_threshold(scores, recipe.training.false_reject_budget, recipe.training.review_budget),
        scores,
        typical_pixel(good, weight),
    )


def chosen_weight(
    inference: InferenceNetwork, material: Material, recipe: Recipe, extremes: Extremes, good: MapPair
) -> float:
    """The w of Eq. 9 that does best on defects drawn on calibration pictures, beside the same pictures without."""
    seeds = np.random.default_rng([recipe.training.seed, 4]).integers(2**31, size=recipe.training.validation_images)
    count = len(material.calibration)
    drawn = [material.calibration_drawer.draw(i % count, int(seed)) for i, seed in enumerate(seeds)]
    bad = map_pairs(inference, [defect.image for defect in drawn], extremes, recipe.network)
    masks = np.stack([np.zeros_like(drawn[0].mask)] * count + [defect.mask for defect in drawn])
    classified = np.concatenate([good.classified, bad.classified])
    density = np.concatenate([good.density, bad.density])
    rule = recipe.score_rule
    return choose_w(classified, density, masks, lambda maps: np.array([image_score(one, rule) for one in maps])).w


def _letter(
    images: GoodImages, material: Material, recipe: Recipe, spent: Spent, finished: Finished, weights_sha256: str
) -> Letter:
    constants = finished.constants
    return Letter(
        network=recipe.network,
        likeliest=constants.likeliest,
        most_normal=constants.most_normal,
        weight=constants.weight,
        score_rule=recipe.score_rule,
        threshold=finished.threshold.threshold,
        threshold_reasons=finished.threshold.reasons,
        calibration_scores=tuple(finished.scores),
        typical_pixel=finished.typical_pixel,
        training=_training(images, material, recipe, spent),
        weights_sha256=weights_sha256,
    )


def _training(images: GoodImages, material: Material, recipe: Recipe, spent: Spent) -> Training:
    return Training(
        images=len(material.train),
        calibration_images=len(material.calibration),
        images_sha256=images.sha256,
        encoder_weights=recipe.encoder.source,
        textures=recipe.textures_name,
        seed=recipe.training.seed,
        passes=round(spent.passes, 2),
        flow_passes=round(spent.flow_passes, 2),
        warm_start=recipe.warm_start.name if recipe.warm_start else "",
        versions={name: version(name) for name in LIBRARIES},
    )
