"""Both stages go on from a bundle, on the pictures of a snapshot."""

import hashlib
from collections.abc import Generator, Sequence
from pathlib import Path

import torch

from core.product import mask_of
from model.again.fitting import fitted_for_the_line
from model.again.lessons import Lesson
from model.bundle import load_bundle
from model.config import TrainingConfig
from model.detector import filled_network
from model.encoder import Encoder
from model.framing import Framing
from model.images import read_image, resized
from model.letter import Letter
from model.pace import Progress, Seconds
from model.recipe import GoodImages, Recipe, train_bundle
from model.textures import procedural_textures

LOWER_RATE = 0.5
"""Of the peak learning rates of a first training: what was learned is not to be forgotten."""


def taught(lesson: Lesson, device: str, clock: Seconds) -> Generator[Progress, None, Letter]:
    """Train, and write the bundle; yields progress.

    Raises:
        BundleRefused: The bundle to go on from is damaged.
        ImageRefused: A picture cannot be decoded.
    """
    start = Path(lesson.start)
    letter, tensors = load_bundle(start)
    network = filled_network(letter.network, tensors)
    encoder = Encoder(network.encoder, letter.network.normalisation, letter.training.encoder_weights)
    made = (encoder, letter.network, training_config(lesson), letter.score_rule, procedural_textures(lesson.seed))
    engine = "" if letter.parity is None else letter.parity.engine
    recipe = Recipe(*made, "procedural", start, letter.framing, engine=engine, object_mask=mask_of(lesson.object_mask))
    images = good_images(lesson.train, lesson.calibrate, letter.framing)
    torch.manual_seed(lesson.seed)
    letter = yield from train_bundle(images, recipe, Path(lesson.out), torch.device(device), clock)
    return fitted_for_the_line(letter, lesson, recipe.training, device)


def training_config(lesson: Lesson) -> TrainingConfig:
    """Passes are a budget: no fewest steps, and the first training's early stop."""
    known = TrainingConfig()
    return TrainingConfig(
        seed=lesson.seed,
        passes=lesson.passes,
        fewest_steps=1,
        flow_passes=lesson.flow_passes,
        fewest_flow_steps=1,
        decoder_rate=LOWER_RATE * known.decoder_rate,
        encoder_rate=LOWER_RATE * known.encoder_rate,
        flow_rate=LOWER_RATE * known.flow_rate,
        false_reject_budget=lesson.false_reject_budget,
        review_budget=max(lesson.false_reject_budget, lesson.review_budget),
    )


def good_images(train: Sequence[str], calibrate: Sequence[str], framing: Framing) -> GoodImages:
    """Read and scaled, in the order given; those that calibrate come last."""
    digest = hashlib.sha256()
    pictures = []
    for path in map(Path, (*train, *calibrate)):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
        pictures.append(resized(read_image(path).pixels, framing.height, framing.width))
    return GoodImages(pictures, digest.hexdigest(), calibrating=len(calibrate))
