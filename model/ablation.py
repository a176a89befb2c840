"""What each part of the method is worth: the maps of the paper's Tables 1, 2 and 5, trained alike and judged alike.

All variants see the same split, seed, steps and synthetic defects; u_i, n_max and w are taken on the calibration
pictures for each combination of classifier and flows.
"""

from collections.abc import Generator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import torch

from model.ablation_table import CLASSIFIED, COMBINED, MAPS, PRETRAINED, REGRESSED, TUNED, UNSHARED, Ablation, Row
from model.bundle import load_bundle
from model.classifier_training import ClassifierTrainer
from model.datasets import GOOD, Dataset
from model.detector import NetworkDetector, filled_network
from model.engines.choice import reference
from model.engines.port import EagerEngine
from model.fair_evaluation import figures_of
from model.letter import Letter
from model.network import InferenceNetwork, Network, RawMaps
from model.pace import Progress, Seconds
from model.recipe import GoodImages, Recipe, finish, material_of, starting_network, train_bundle
from model.reconstruction import NoTrainer, ReconstructionTrainer, reconstruction_network, restoring
from model.training import Material, train_network

T = TypeVar("T")
METHOD_SHARE, FLOWS_SHARE = 0.4, 0.2
"""Shares of the progress told: both stages, twice, and the flows alone."""


@dataclass(frozen=True, slots=True)
class AblationRule:
    """What an ablation is asked for: the method's own maps only, or all; a fixed w instead of the chosen ones."""

    method_only: bool = False
    weight: float | None = None

    def __post_init__(self) -> None:
        if self.weight is not None and not 0 <= self.weight < float("inf"):
            raise ValueError(f"w must be finite and not negative, got {self.weight}")


class UnsharedNetwork(InferenceNetwork):
    """The classifier of one network beside the flows of another: two encoders instead of one (A^ns of Table 2)."""

    def __init__(self, classifier: InferenceNetwork, density: InferenceNetwork) -> None:
        torch.nn.Module.__init__(self)
        self.classifier, self.density = classifier, density
        self.eval()

    @torch.no_grad()
    def forward(self, images_BCHW: torch.Tensor) -> RawMaps:
        """Both passes; the features are the classifier's."""
        classified, density = self.classifier(images_BCHW), self.density(images_BCHW)
        return RawMaps(classified.classified, density.log_likelihoods, classified.features)


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What all variants share."""

    images: GoodImages
    dataset: Dataset
    recipe: Recipe
    rule: AblationRule
    device: torch.device
    clock: Seconds

    def own_recipe(self) -> Recipe:
        """The recipe with an encoder nobody has trained yet: training changes it in place."""
        encoder = replace(self.recipe.encoder, backbone=deepcopy(self.recipe.encoder.backbone))
        return replace(self.recipe, encoder=encoder)


def ablate(trial: Trial, out: Path) -> Generator[Progress, None, Ablation]:
    """Train what is asked for, hold it against the dataset; the method's own bundle is left in `out`."""
    alone = trial.rule.method_only
    letter = yield from portion(COMBINED, method(trial, out), 0.0, 1.0 if alone else METHOD_SHARE)
    shared = inference_of(filled_network(letter.network, load_bundle(out)[1]), trial)
    rows, weights = rows_of(shared, letter, trial, (CLASSIFIED, TUNED, COMBINED)), {COMBINED: letter.weight}
    if not alone:
        others, unshared_weight = yield from other_rows(shared, letter, trial)
        rows, weights = rows | others, weights | {UNSHARED: unshared_weight}
    return ablation_of(trial, letter, rows, weights)


def other_rows(
    shared: InferenceNetwork, letter: Letter, trial: Trial
) -> Generator[Progress, None, tuple[dict[str, Row], float]]:
    """What needs flows of its own, and w of A^ns."""
    flows = yield from portion(PRETRAINED, on_pretrained(trial), METHOD_SHARE, FLOWS_SHARE)
    unshared = UnsharedNetwork(shared, flows)
    other = recalibrated(unshared, letter, trial)
    rows = rows_of(unshared, other, trial, ("", PRETRAINED, UNSHARED))
    flows = yield from portion(REGRESSED, on_regressed(trial), METHOD_SHARE + FLOWS_SHARE, METHOD_SHARE)
    return rows | rows_of(flows, recalibrated(flows, letter, trial), trial, ("", REGRESSED, "")), other.weight


def ablation_of(trial: Trial, letter: Letter, rows: dict[str, Row], weights: dict[str, float]) -> Ablation:
    """The rows in the order of the paper."""
    tests = trial.dataset.tests
    defects = sum(part.kind != GOOD for part in tests)
    ordered = tuple(rows[name] for name in MAPS if name in rows)
    return Ablation(trial.dataset.name, len(tests), defects, letter.score_rule, weights, ordered)


def method(trial: Trial, out: Path) -> Generator[Progress, None, Letter]:
    """The whole method as `train` runs it; a fixed w, where one is asked for, in its letter."""
    letter = yield from train_bundle(trial.images, trial.own_recipe(), out, trial.device, trial.clock)
    return letter if trial.rule.weight is None else replace(letter, weight=trial.rule.weight)


def on_pretrained(trial: Trial) -> Generator[Progress, None, InferenceNetwork]:
    """Flows on the encoder as it came: CFlow-AD's place."""
    config = trial.recipe.training
    config = replace(config, minutes=config.minutes * config.flow_share)
    recipe = replace(trial.own_recipe(), training=config)
    material = material_of(trial.images.pictures, recipe)
    return (yield from trained(starting_network(recipe), material, recipe, trial, NoTrainer))


def on_regressed(trial: Trial) -> Generator[Progress, None, InferenceNetwork]:
    """Flows on an encoder that has learned to restore good pictures."""
    recipe = trial.own_recipe()
    material = restoring(material_of(trial.images.pictures, recipe))
    network = reconstruction_network(starting_network(recipe), recipe.training.seed)
    return (yield from trained(network, material, recipe, trial, ReconstructionTrainer))


def trained(
    network: Network, material: Material, recipe: Recipe, trial: Trial, trainer_of: type[ClassifierTrainer]
) -> Generator[Progress, None, InferenceNetwork]:
    """Both stages, the first by this trainer."""
    network = network.to(trial.device)
    source = recipe.encoder.source
    yield from train_network(network, material, recipe.training, source, trial.clock, trainer_of)
    return inference_of(network, trial)


def inference_of(network: Network, trial: Trial) -> InferenceNetwork:
    """The form that scores, on the trial's device."""
    return InferenceNetwork(network.to(trial.device).to(memory_format=torch.channels_last))


def recalibrated(network: InferenceNetwork, letter: Letter, trial: Trial) -> Letter:
    """The letter with the constants of this network, taken as the method's own were."""
    material = material_of(trial.images.pictures, trial.recipe)
    found = finish(network, material, trial.recipe).constants
    weight = found.weight if trial.rule.weight is None else trial.rule.weight
    return replace(letter, likeliest=found.likeliest, most_normal=found.most_normal, weight=weight)


def rows_of(network: InferenceNetwork, letter: Letter, trial: Trial, names: tuple[str, str, str]) -> dict[str, Row]:
    """The figures of A_p, A_nf and A of this network, under these names; an unnamed one is left out."""
    detector = NetworkDetector(letter, EagerEngine(reference(trial.device.type), network), trial.device)
    return figures_of(detector, letter.score_rule, trial.dataset, names)


def portion(
    name: str, training: Generator[Progress, None, T], begins: float, share: float
) -> Generator[Progress, None, T]:
    """One variant's progress as a part of the whole."""
    while True:
        try:
            progress = next(training)
        except StopIteration as end:
            result: T = end.value
            return result
        yield replace(progress, stage=f"{name}: {progress.stage}", share=begins + share * progress.share)
