"""What stage 1 is shown."""

from dataclasses import replace

import numpy as np
import torch

from model.classifier_training import POOL, ClassifierTask, ClassifierTrainer, Examples, examples
from model.config import TrainingConfig
from model.defects import DefectDrawer, DefectRule, SyntheticDefect
from model.object_mask import MaskRule
from model.pace import Pace
from model.recipe import starting_network
from model.textures import procedural_textures
from tests.model.pictures import part
from tests.model.trials import quick_recipe

torch.set_num_threads(1)
STEPS, BATCH = 5, POOL
ONLY_DEFECTS = TrainingConfig(good_share=0.0, batch=BATCH, validations=1)


class CountingDrawer(DefectDrawer):
    """Counts what it draws, and draws it cheaply."""

    drawn = 0

    def draw(self, index: int, seed: int) -> SyntheticDefect:
        """The good picture with all of it called defective."""
        self.drawn += 1
        whole = np.ones((64, 64), np.bool_)
        return SyntheticDefect(part(index), whole.astype(np.float32), whole)


class LookingTrainer(ClassifierTrainer):
    """Looks at every batch and learns nothing of it."""

    def _step(self, batch: Examples, share: float) -> float:
        return float(batch.labels.mean())


def drawn_for(config: TrainingConfig) -> int:
    """How many defects are drawn for so many steps."""
    pictures = [part(seed) for seed in range(2)]
    drawer = CountingDrawer(pictures, procedural_textures(1), DefectRule(mask=MaskRule()))
    network = starting_network(quick_recipe())
    validation = [examples([(pictures[0], np.zeros((64, 64), np.float32))], network)]
    trainer = LookingTrainer(network, config, "imagenet", torch.device("cpu"))
    for _ in trainer.train(ClassifierTask(pictures, drawer, validation), Pace(STEPS, np.inf, 0.0, lambda: 0.0)):
        pass
    return drawer.drawn


def test_a_drawn_defect_is_shown_four_times_on_average() -> None:
    """Once the pool is full: the first batch fills it, one defect in four of the others is new."""
    expected = POOL + (STEPS - 1) * BATCH / 4
    assert abs(drawn_for(ONLY_DEFECTS) - expected) < 4 * np.sqrt((STEPS - 1) * BATCH * 3 / 16)


def test_every_drawn_defect_is_new_where_that_is_asked_for() -> None:
    assert drawn_for(replace(ONLY_DEFECTS, defect_uses=1.0)) == STEPS * BATCH
