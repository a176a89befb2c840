"""Both stages go on from a bundle, on the pictures of a snapshot."""

import hashlib
from collections.abc import Generator, Sequence
from pathlib import Path

import torch

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
from retrain.workshop.jobs import TrainJob

LOWER_RATE = 0.5
"""Of the peak learning rates of a first training: what was learned is not to be forgotten."""


def taught(job: TrainJob, clock: Seconds) -> Generator[Progress, None, Letter]:
    """Train, and write the bundle; yields progress.

    Raises:
        BundleRefused: The bundle to go on from is damaged.
        ImageRefused: A picture cannot be decoded.
    """
    start = Path(job.start)
    letter, tensors = load_bundle(start)
    network = filled_network(letter.network, tensors)
    encoder = Encoder(network.encoder, letter.network.normalisation, letter.training.encoder_weights)
    made = (encoder, letter.network, training_config(job), letter.score_rule, procedural_textures(job.seed))
    engine = "" if letter.parity is None else letter.parity.engine
    recipe = Recipe(*made, "procedural", start, letter.framing, engine=engine)
    images = good_images([*job.train, *job.calibrate], letter.framing)
    torch.manual_seed(job.seed)
    return (yield from train_bundle(images, recipe, Path(job.out), torch.device(job.bounds.device), clock))


def training_config(job: TrainJob) -> TrainingConfig:
    """Passes are a budget: no fewest steps, and the first training's early stop."""
    known = TrainingConfig()
    return TrainingConfig(
        seed=job.seed,
        passes=job.passes,
        fewest_steps=1,
        flow_passes=job.flow_passes,
        fewest_flow_steps=1,
        decoder_rate=LOWER_RATE * known.decoder_rate,
        encoder_rate=LOWER_RATE * known.encoder_rate,
        flow_rate=LOWER_RATE * known.flow_rate,
        false_reject_budget=job.false_reject_budget,
        review_budget=max(job.false_reject_budget, job.review_budget),
    )


def good_images(paths: Sequence[str], framing: Framing) -> GoodImages:
    """Read and scaled, in the order given."""
    digest = hashlib.sha256()
    pictures = []
    for path in map(Path, paths):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
        pictures.append(resized(read_image(path).pixels, framing.height, framing.width))
    return GoodImages(pictures, digest.hexdigest())
