"""The paper's table: which network each row comes from, and that all rows are judged alike."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.frame import Image
from core.verdict import ScoreMap
from model.ablation import Ablation, AblationRule, Trial, UnsharedNetwork, ablate, recalibrated
from model.ablation_table import MAPS
from model.bundle import read_letter
from model.config import ScoreRule
from model.datasets import read_dataset
from model.detector import load_detector
from model.evaluation import evaluate
from model.fair_evaluation import figures_of
from model.network import InferenceNetwork, Network
from model.pace import Progress
from tests.model.bundles import letter
from tests.model.datasets_on_disk import write_product
from tests.model.trials import CONFIG, finished, trial

pytestmark = pytest.mark.slow

torch.set_num_threads(1)


def network(seed: int) -> InferenceNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return InferenceNetwork(Network(CONFIG).eval())


@dataclass(frozen=True)
class Run:
    """One whole ablation and what it left."""

    trial: Trial
    bundle: Path
    encoder_before: dict[str, torch.Tensor]
    told: list[Progress]
    ablation: Ablation


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All variants, trained once for all tests."""
    folder = tmp_path_factory.mktemp("ablation")
    asked = trial(write_product(folder / "plate"))
    before = {name: values.clone() for name, values in asked.recipe.encoder.backbone.state_dict().items()}
    told: list[Progress] = []
    return Run(asked, folder / "bundle", before, told, finished(ablate(asked, folder / "bundle"), told))


def test_all_rows_come_in_the_order_of_the_paper_and_the_share_rises(run: Run) -> None:
    assert tuple(row.score_map for row in run.ablation.rows) == MAPS
    shares = [progress.share for progress in run.told]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] < 1
    assert max(progress.passes for progress in run.told) > 0
    assert {progress.stage.split(":")[0] for progress in run.told} == {"A", "A_nf^PRE", "A_nf^REG"}


def test_no_variant_trains_the_encoder_of_another(run: Run) -> None:
    """The recipe's own is as it was before."""
    after = run.trial.recipe.encoder.backbone.state_dict()
    assert all(torch.equal(values, after[name]) for name, values in run.encoder_before.items())


def test_the_row_of_A_is_what_the_bundle_does(run: Run) -> None:  # noqa: N802  A is the map's name
    """Trained, calibrated and scored as `train` and `evaluate` do it."""
    own = evaluate(load_detector(run.bundle, "cpu"), run.trial.dataset)
    assert run.ablation.rows[5] == own.rows[2]
    assert run.ablation.weights["A"] == read_letter(run.bundle).weight


def test_the_same_seed_gives_the_same_table(run: Run, tmp_path: Path) -> None:
    assert finished(ablate(run.trial, tmp_path)) == run.ablation


def test_the_method_alone_is_the_same_method_and_a_fixed_w_is_the_w_of_A(run: Run, tmp_path: Path) -> None:  # noqa: N802
    """A_p and A_nf do not depend on w, nor on what else is trained."""
    rule = AblationRule(method_only=True, weight=0.35)
    alone = finished(ablate(replace(run.trial, rule=rule), tmp_path))
    assert [row.score_map for row in alone.rows] == ["A_p", "A_nf", "A"]
    assert alone.rows[:2] == (run.ablation.rows[0], run.ablation.rows[3])
    assert alone.weights == {"A": 0.35}


def test_a_w_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        AblationRule(weight=-1)


def test_unshared_means_the_classifier_of_one_and_the_flows_of_another() -> None:
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    one, other = network(1), network(2)
    raw, classified, density = UnsharedNetwork(one, other)(images), one(images), other(images)
    assert torch.equal(raw.classified, classified.classified)
    assert all(map(torch.equal, raw.log_likelihoods, density.log_likelihoods))
    assert not torch.equal(raw.log_likelihoods[0], classified.log_likelihoods[0])


def test_a_combination_has_constants_of_its_own(tmp_path: Path) -> None:
    """u_i and n_max follow the flows, and where w is fixed it is the one asked for."""
    asked = trial(write_product(tmp_path), AblationRule(weight=0.5))
    one, other = (recalibrated(network(seed), letter("0" * 64, CONFIG), asked) for seed in (1, 2))
    assert one.weight == other.weight == 0.5
    assert one.likeliest != other.likeliest


class PeakDetector:
    """Its maps have one bright pixel; its own score says nothing of it."""

    engine = "peak"

    def score(self, images: Sequence[Image]) -> list[ScoreMap]:
        """One high pixel on every image, and a broad light patch on the scratched ones."""
        return [self._one(image.pixels[:, :, 0]) for image in images]

    def _one(self, grey: np.ndarray) -> ScoreMap:
        values = np.where(grey < 20, 1.0, 0.0).astype(np.float32)
        values[0, 0] = 5.0
        return ScoreMap(values, values, values, float((grey < 20).any()), np.zeros(1, np.float32))


def test_every_map_gets_its_image_score_by_the_same_rule(tmp_path: Path) -> None:
    """The maximum follows the single pixel and cannot tell the images apart; the mean of many can."""
    dataset = read_dataset(write_product(tmp_path))
    names = ("A_p", "A_nf", "A")
    steady = figures_of(PeakDetector(), ScoreRule(0.0, 0.05), dataset, names)
    paper = figures_of(PeakDetector(), ScoreRule(0.0, 0.0), dataset, names)
    assert [steady[name].image_auroc for name in names] == [1.0, 1.0, 1.0]
    assert [paper[name].image_auroc for name in names] == [0.5, 0.5, 1.0]


def test_a_map_without_a_name_is_left_out(tmp_path: Path) -> None:
    dataset = read_dataset(write_product(tmp_path))
    assert list(figures_of(PeakDetector(), ScoreRule(), dataset, ("", "A_nf^PRE", ""))) == ["A_nf^PRE"]


def test_what_was_not_trained_is_a_dash_and_labels_have_no_pixel_figures(tmp_path: Path) -> None:
    dataset = read_dataset(write_product(tmp_path, masks=False))
    rows = tuple(figures_of(PeakDetector(), ScoreRule(), dataset, ("A_p", "A_nf", "A")).values())
    ablation = Ablation("plate", 4, 2, ScoreRule(), {"A": 0.5}, rows)
    lines = {line.split()[0]: line.split()[1:] for line in ablation.table().splitlines()[2:]}
    assert tuple(lines) == MAPS
    assert lines["A^ns"] == ["-", "-", "-", "-"]
    assert lines["A"] == ["100.00", "-", "-", "-"]
    assert json.loads(ablation.json_line())["maps"]["A"] == {"image_auroc": 100.0}
    assert "one rule" in replace(ablation, weights={}).table().splitlines()[0]
