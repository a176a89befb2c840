"""A first model: both stages from nothing but an encoder, by the recipe of the product."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from core.product import ObjectMask
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


@dataclass(frozen=True, slots=True)
class FirstLesson:
    """Begin with this encoder, learn from `train`, take thresholds and constants on `calibrate`, write to `out`.

    `input_height` and `input_width` are 0 for a size chosen from the pictures; of the score's shares None is the
    default. `minutes` are for both stages, 0 for as many as they need; `engine` is tried by the parity gate at the end.
    """

    encoder: str
    weights: str
    minutes: float
    engine: str
    out: Path
    train: Sequence[str]
    calibrate: Sequence[str]
    input_height: int
    input_width: int
    smoothing: float | None
    top_share: float | None
    minimum_area: float | None
    false_reject_budget: float
    review_budget: float
    seed: int
    device: str
    object_mask: ObjectMask = ObjectMask.AUTOMATIC


def begun(lesson: FirstLesson, clock: Seconds) -> Generator[Progress, None, Letter]:
    """Train, and write the bundle; yields progress.

    Raises:
        WeightsRefused: The encoder's weights do not exist or do not fit.
        ImageRefused: A picture cannot be decoded.
    """
    torch.manual_seed(lesson.seed)
    encoder = open_encoder(lesson.encoder, lesson.weights, reflect=False)
    framing = framing_of(lesson)
    network = NetworkConfig(lesson.encoder, framing.tile_height, framing.tile_width, encoder.normalisation)
    made = (encoder, network, training_config(lesson), score_rule(lesson, framing), procedural_textures(lesson.seed))
    recipe = Recipe(*made, "procedural", framing=framing, engine=lesson.engine, object_mask=lesson.object_mask)
    images = good_images(lesson.train, lesson.calibrate, framing)
    return (yield from train_bundle(images, recipe, lesson.out, torch.device(lesson.device), clock))


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
        minutes=lesson.minutes,
        false_reject_budget=lesson.false_reject_budget,
        review_budget=max(lesson.false_reject_budget, lesson.review_budget),
    )
