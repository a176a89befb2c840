"""A first model: both stages from nothing but an encoder, by the recipe of the product."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import torch

from core.product import mask_of
from model.again.fitting import fitted_for_the_line
from model.again.lessons import FirstLesson
from model.again.teaching import good_images
from model.config import NetworkConfig, ScoreRule, TrainingConfig
from model.encoder import open_encoder
from model.framing import Framing, rule_for
from model.framing_choice import chosen_framing
from model.images import size_of
from model.letter import Letter
from model.pace import Progress, Seconds
from model.recipe import Recipe, train_bundle
from model.textures import procedural_textures


def begun(lesson: FirstLesson, device: str, clock: Seconds) -> Generator[Progress, None, Letter]:
    """Train, and write the bundle; yields progress.

    Raises:
        WeightsRefused: The encoder's weights do not exist or do not fit.
        ImageRefused: A picture cannot be decoded.
    """
    torch.manual_seed(lesson.seed)
    begins = lesson.beginning
    encoder = open_encoder(begins.encoder, begins.weights, reflect=False)
    framing = framing_of(lesson)
    network = NetworkConfig(begins.encoder, framing.tile_height, framing.tile_width, encoder.normalisation)
    made = (encoder, network, training_config(lesson), score_rule(lesson, framing), procedural_textures(lesson.seed))
    recipe = Recipe(*made, "procedural", framing=framing, engine=begins.engine, object_mask=mask_of(lesson.object_mask))
    images = good_images(lesson.train, lesson.calibrate, framing)
    letter = yield from train_bundle(images, recipe, Path(lesson.out), torch.device(device), clock)
    return fitted_for_the_line(letter, lesson, recipe.training, device)


def framing_of(lesson: FirstLesson) -> Framing:
    """As the product's recipe says, or by the pictures' sizes."""
    if lesson.input_height:
        return Framing.whole(lesson.input_height, lesson.input_width)
    return chosen_framing([size_of(Path(path)) for path in (*lesson.train, *lesson.calibrate)]).framing


def score_rule(lesson: FirstLesson, framing: Framing) -> ScoreRule:
    """What the recipe leaves open is the default, meant of one tile."""
    given = {"smoothing": lesson.smoothing, "top_share": lesson.top_share, "minimum_area": lesson.minimum_area}
    said = {name: share for name, share in given.items() if share is not None}
    return replace(rule_for(framing, ScoreRule()), **said)


def training_config(lesson: FirstLesson) -> TrainingConfig:
    """The whole training, within the minutes that there are."""
    return TrainingConfig(
        seed=lesson.seed,
        minutes=lesson.beginning.minutes,
        false_reject_budget=lesson.false_reject_budget,
        review_budget=max(lesson.false_reject_budget, lesson.review_budget),
    )
