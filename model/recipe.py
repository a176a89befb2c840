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
from core.product import ObjectMask
from model.bundle import load_bundle, save_bundle
from model.calibration import FittedThreshold, fit_threshold, split, split_at
from model.config import NetworkConfig, ScoreRule, TrainingConfig
from model.defects import DefectDrawer, DefectRule
from model.detector import filled_network
from model.encoder import Encoder
from model.finishing import Extremes, MapPair, extremes_of, picture_maps, scores_of, typical_pixel
from model.framing import Framing
from model.images import image_paths, read_image, resized
from model.letter import Letter, Training
from model.network import InferenceNetwork, Network
from model.object_mask import mask_rule
from model.pace import Progress, Seconds
from model.parity_evidence import NOT_YET, parity_evidence
from model.scoring import ScoreConstants, image_score
from model.textures import TextureSource
from model.training import Material, Spent, new_network, train_network
from model.weight import choose_w

Pixels = NDArray[np.uint8]
LIBRARIES = ("torch", "timm", "FrEIA", "numpy", "opencv-python-headless")


class TooFewImages(LineError):
    """Training needs at least eight good images: name a folder that holds them."""


FEWEST_IMAGES = 8
WEIGHED_PIXELS = 32_000_000
"""Of good maps and of maps with drawn defects that decide w: 500 pictures of 256 x 256 each, 30 of 4096 x 256."""


@dataclass(frozen=True, slots=True, eq=False)
class GoodImages:
    """Good pictures, scaled as the framing says but not cut, and a hash over the files they came from.

    The last `calibrating` ones calibrate, as whoever knows their times says; 0 leaves the split to a draw.
    """

    pictures: list[Pixels]
    sha256: str
    calibrating: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """Everything that decides a bundle besides the pictures.

    Without a framing, pictures are scaled to the network's input.
    """

    encoder: Encoder
    network: NetworkConfig
    training: TrainingConfig
    score_rule: ScoreRule
    textures: TextureSource
    textures_name: str
    warm_start: Path | None = None
    framing: Framing | None = None
    defects: DefectRule | None = None
    """How synthetic defects are drawn; None for the default with the part's mask as `object_mask` says."""
    engine: str = ""
    """The engine that the parity gate tries at the end: `auto`, a name, or empty for none."""
    object_mask: ObjectMask = ObjectMask.AUTOMATIC
    """Where the part is, unless `defects` says all."""

    @property
    def frame(self) -> Framing:
        """How pictures become inputs of the network."""
        return self.framing or Framing.whole(self.network.height, self.network.width)


def good_image_paths(folder: Path) -> list[Path]:
    """All images below the folder, in the order of their paths.

    Raises:
        TooFewImages: There are not enough.
    """
    paths = image_paths(folder)
    if len(paths) < FEWEST_IMAGES:
        raise TooFewImages(f"{len(paths)} in {folder}")
    return paths


def read_good_images(folder: Path, size: NetworkConfig | Framing) -> GoodImages:
    """All images below the folder, in the order of their paths, scaled to this height and width.

    Raises:
        TooFewImages: There are not enough.
        ImageRefused: One of them cannot be decoded.
    """
    paths = good_image_paths(folder)
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    pictures = [resized(read_image(path).pixels, size.height, size.width) for path in paths]
    return GoodImages(pictures, digest.hexdigest())


def train_bundle(
    images: GoodImages, recipe: Recipe, out: Path, device: torch.device, clock: Seconds
) -> Generator[Progress, None, Letter]:
    """Train on these pictures and write the bundle; yields progress, returns the bundle's letter."""
    material = material_of(images.pictures, recipe, images.calibrating)
    network = starting_network(recipe).to(device)
    began_with = recipe.encoder.source if recipe.warm_start is None else "warm start"
    spent = yield from train_network(network, material, recipe.training, began_with, clock)
    yield Progress("calibrating", 0.95, 0.0)
    letter_for = partial(_letter, images, material, recipe, spent, finish(InferenceNetwork(network), material, recipe))
    yield Progress("calibrating", 0.97, 0.0)
    draft, pictures = letter_for(weights_sha256=NOT_YET), whole_pictures(material, recipe.frame)
    evidence = parity_evidence(network, draft, pictures, recipe.engine, device)
    tensors = network.state_dict() | evidence.tensors

    def letter(weights_sha256: str) -> Letter:
        return replace(letter_for(weights_sha256), parity=evidence.parity, look=evidence.look)

    return save_bundle(out, tensors, letter)


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


def material_of(pictures: Sequence[Pixels], recipe: Recipe, calibrating: int = 0) -> Material:
    """The pictures split into training and calibration, then cut, with what draws defects on the tiles of either.

    The last `calibrating` ones calibrate; 0 for a draw.
    """
    parts = split_at(len(pictures), calibrating) if calibrating else split(len(pictures), recipe.training.seed)
    train, calibration = (
        [tile for i in indices for tile in recipe.frame.cut(pictures[i])]
        for indices in (parts.training, parts.calibration)
    )
    rule = recipe.defects or DefectRule(
        mask=mask_rule(recipe.object_mask, [tile for picture in pictures for tile in recipe.frame.cut(picture)])
    )
    drawers = [DefectDrawer(part, recipe.textures, rule) for part in (train, calibration)]
    return Material(train, calibration, *drawers)


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """The constants taken on calibration pictures."""

    constants: ScoreConstants
    threshold: FittedThreshold
    scores: list[float]
    typical_pixel: float


def finish(inference: InferenceNetwork, material: Material, recipe: Recipe) -> Finished:
    """Freeze u_i, n_max, w and the threshold."""
    config = recipe.network
    extremes = extremes_of(inference, material.calibration, config)
    good = picture_maps(inference, material.calibration, extremes, config, recipe.frame)
    weight = chosen_weight(inference, material, recipe, extremes, good)
    scores = scores_of(good, weight, recipe.score_rule)
    return Finished(
        ScoreConstants(extremes.likeliest, extremes.most_normal, weight, config.flow_weights),
        fit_threshold(scores, recipe.training.false_reject_budget, recipe.training.review_budget),
        scores,
        typical_pixel(good, weight, recipe.score_rule),
    )


def chosen_weight(
    inference: InferenceNetwork, material: Material, recipe: Recipe, extremes: Extremes, good: MapPair
) -> float:
    """The w of Eq. 9 that does best on defects drawn on calibration pictures, beside the same pictures without."""
    most = max(2, WEIGHED_PIXELS // (recipe.frame.height * recipe.frame.width))
    good, drawn = good.some(most), drawn_pictures(material, recipe)[:most]
    tiles = [tile for picture in drawn for tile in recipe.frame.cut(picture.image)]
    bad = picture_maps(inference, tiles, extremes, recipe.network, recipe.frame)
    masks = np.stack([np.zeros_like(drawn[0].mask)] * len(good.density) + [picture.mask for picture in drawn])
    classified = np.concatenate([good.classified, bad.classified])
    density = np.concatenate([good.density, bad.density])
    rule = recipe.score_rule
    return choose_w(classified, density, masks, lambda maps: np.array([image_score(one, rule) for one in maps])).w


def whole_pictures(material: Material, framing: Framing) -> list[Pixels]:
    """The calibration pictures before they were cut."""
    starts = range(0, len(material.calibration), framing.tiles)
    return [framing.uncut(material.calibration[start : start + framing.tiles]) for start in starts]


@dataclass(frozen=True, slots=True, eq=False)
class DrawnPicture:
    """A whole scaled picture with a synthetic defect (H x W x 3), and where the defect is (H x W)."""

    image: Pixels
    mask: NDArray[np.bool_]


def drawn_pictures(material: Material, recipe: Recipe) -> list[DrawnPicture]:
    """Calibration pictures, each in turn, with a defect drawn on one of its tiles."""
    seeds = np.random.default_rng([recipe.training.seed, 4]).integers(2**31, size=recipe.training.validation_images)
    pictures = len(material.calibration) // recipe.frame.tiles
    return [drawn_picture(material, recipe.frame, i % pictures, int(seed)) for i, seed in enumerate(seeds)]


def drawn_picture(material: Material, framing: Framing, picture: int, seed: int) -> DrawnPicture:
    """A calibration picture with a defect on the tile that the seed picks."""
    place, first = seed % framing.tiles, picture * framing.tiles
    defect = material.calibration_drawer.draw(first + place, seed)
    image = framing.uncut(material.calibration[first : first + framing.tiles])
    mask = np.zeros(image.shape[:2], np.bool_)
    image[framing.boxes[place]], mask[framing.boxes[place]] = defect.image, defect.mask
    return DrawnPicture(image, mask)


def _letter(
    images: GoodImages, material: Material, recipe: Recipe, spent: Spent, finished: Finished, weights_sha256: str
) -> Letter:
    constants = finished.constants
    return Letter(
        network=recipe.network,
        framing=recipe.frame,
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
        images=len(material.train) // recipe.frame.tiles,
        calibration_images=len(material.calibration) // recipe.frame.tiles,
        images_sha256=images.sha256,
        encoder_weights=recipe.encoder.source,
        textures=recipe.textures_name,
        seed=recipe.training.seed,
        passes=round(spent.passes, 2),
        flow_passes=round(spent.flow_passes, 2),
        warm_start=recipe.warm_start.name if recipe.warm_start else "",
        versions={name: version(name) for name in LIBRARIES},
    )
