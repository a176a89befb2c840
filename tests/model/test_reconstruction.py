"""FE_REG: the classifier's network without skips that learns to give the good picture back."""

import numpy as np
import pytest
import torch

from model.classifier_training import ClassifierTask, examples
from model.decoder import Decoder
from model.defects import DefectDrawer, DefectRule
from model.pace import Pace
from model.recipe import material_of, starting_network
from model.reconstruction import (
    NoTrainer,
    ReconstructionDecoder,
    ReconstructionTrainer,
    RestoringDrawer,
    reconstruction_network,
    target_of,
)
from model.textures import procedural_textures
from model.training import train_network
from tests.model.pictures import part
from tests.model.trials import QUICK, finished, quick_recipe

pytestmark = pytest.mark.slow

torch.set_num_threads(1)
CHANNELS = (8, 16, 32)
GOOD = [part(seed) for seed in range(6)]


def maps(seed: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    sizes = zip(CHANNELS, (8, 4, 2), strict=True)
    return [torch.randn(2, channels, side, side, generator=generator) for channels, side in sizes]


def test_only_the_deepest_map_reaches_the_picture() -> None:
    decoder = ReconstructionDecoder(CHANNELS, reflect=False).eval()
    here, elsewhere = maps(1), maps(2)
    picture = decoder(here)
    assert picture.shape == (2, 3, 64, 64)
    assert torch.equal(picture, decoder([*elsewhere[:2], here[2]]))
    assert not torch.equal(picture, decoder([*here[:2], elsewhere[2]]))


def test_the_decoder_is_the_classifier_s_but_for_skips_and_channels() -> None:
    """The same layers in the same order, less a shortcut where nothing joins any more; other shapes there and last."""
    own = ReconstructionDecoder(CHANNELS, reflect=False).decoder.state_dict()
    other = Decoder(CHANNELS).state_dict()
    assert list(own) == [name for name in other if name in own]
    assert {name.split(".")[3] for name in other if name not in own} == {"shortcut"}
    different = {name.rsplit(".", 1)[0] for name in own if own[name].shape != other[name].shape}
    assert different == {"groups.0.0.narrow.0", "groups.1.0.narrow.0", "groups.1.0.shortcut.0", "output.2"}


def test_what_is_to_be_restored_is_the_good_picture() -> None:
    """The same defect as the classifier sees, another label."""
    drawer = DefectDrawer(GOOD, procedural_textures(1), DefectRule())
    for seed in range(4):
        drawn, plain = RestoringDrawer(drawer, GOOD).draw(2, seed), drawer.draw(2, seed)
        assert np.array_equal(drawn.image, plain.image)
        assert np.array_equal(drawn.label, target_of(GOOD[2]))
        assert not np.array_equal(target_of(drawn.image), drawn.label)


def test_a_picture_shown_without_a_defect_is_to_be_given_back() -> None:
    trainer = trainer_on(good_share=1.0)
    task = ClassifierTask(GOOD, RestoringDrawer(DefectDrawer(GOOD, procedural_textures(1), DefectRule()), GOOD), [])
    image, label = trainer._example(task, 3, np.random.default_rng(1))
    assert np.array_equal(label, target_of(image))


LATE = "layer4.0.conv1.weight"
"""Of the encoder's layers that learn: the early ones stay as they came."""


def trainer_on(**changes: float) -> ReconstructionTrainer:
    recipe = quick_recipe()
    network = reconstruction_network(starting_network(recipe), seed=1)
    config = type(QUICK)(**{"batch": 4, "frozen_share": 0.2, "patience": 100} | changes)  # type: ignore[arg-type]
    return ReconstructionTrainer(network, config, "imagenet", torch.device("cpu"))


def test_regression_learns_to_restore_and_moves_the_encoder() -> None:
    """The loss of its steps falls; batch-norm statistics of the encoder stay frozen here as well."""
    trainer = trainer_on()
    encoder = trainer._network.encoder
    weights, statistics = (encoder.state_dict()[name].clone() for name in (LATE, "bn1.running_mean"))
    drawer = RestoringDrawer(DefectDrawer(GOOD, procedural_textures(1), DefectRule()), GOOD)
    drawn = drawer.draw(0, 99)
    task = ClassifierTask(GOOD, drawer, [examples([(drawn.image, drawn.label)], trainer._network)])
    losses, moved = [], False
    for progress in trainer.train(task, Pace(24, float("inf"), 0.0, lambda: 0.0)):
        losses.append(progress.loss)
        moved = not torch.equal(weights, encoder.state_dict()[LATE])
    assert np.mean(losses[-4:]) < 0.8 * np.mean(losses[:4])
    assert moved
    assert torch.equal(statistics, encoder.state_dict()["bn1.running_mean"])


def test_without_stage_1_only_the_flows_change() -> None:
    recipe = quick_recipe()
    network = starting_network(recipe)
    before = {name: values.clone() for name, values in network.state_dict().items()}
    material = material_of(GOOD, recipe)
    spent = finished(train_network(network, material, QUICK, "imagenet", lambda: 0.0, NoTrainer))
    changed = {
        name.split(".")[0] for name, values in network.state_dict().items() if not torch.equal(values, before[name])
    }
    assert changed == {"flows"}
    assert spent.passes == 0 < spent.flow_passes
