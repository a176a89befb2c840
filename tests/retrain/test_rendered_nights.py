"""Nights with a real network on rendered parts: a good one is promoted, one that was taught defects is refused."""

from pathlib import Path

import pytest
import torch

from core.product import Recipe
from core.retraining import RunState
from retrain.night import run_night
from tests.retrain.nights import NightLine, Pixels, good_part, order
from tests.retrain.rendered import BUDGET, blotted, maps_of, train_first, work_here

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

RECIPE = Recipe(
    retrain_fewest_new=20, retrain_passes=6.0, retrain_flow_passes=0.5, false_reject_budget=BUDGET,
    review_budget=BUDGET, shadow_parts=0,
)  # fmt: skip
FIRST, NEW, GOLDEN = range(40), range(1000, 1050), range(2000, 2040)
FEWEST_CAUGHT = 10


@pytest.fixture
def line(tmp_path: Path) -> NightLine:
    """With a first model, and no confirmed defect yet."""
    torch.set_num_threads(1)
    made = NightLine(tmp_path)
    made.save(RECIPE)
    train_first(made, FIRST, passes=60.0, flow_passes=1.0)
    return made


def plainest(line: NightLine, count: int) -> list[Pixels]:
    """Of the defects those that the first model scores highest: what hardly reaches a limit decides by chance."""
    pictures = [blotted(seed) for seed in GOLDEN]
    scores = [found.score for found in maps_of(line.folder / "first", pictures)]
    ordered = sorted(zip(scores, range(len(pictures)), strict=True), reverse=True)
    return [pictures[place] for _, place in ordered[:count]]


def test_a_night_of_good_parts_brings_a_model_that_misses_nothing_more(line: NightLine) -> None:
    """Both stages go on from the first model, in a process of its own; the gate holds both against the golden parts."""
    line.confirm(plainest(line, 12))
    line.accept([good_part(seed) for seed in NEW])
    found = run_night(order(), line.shop())
    assert found.state is RunState.PROMOTED, (found.outcome, found.before, found.after)
    assert found.before is not None
    assert found.after is not None
    assert found.passes > 0
    assert found.after["milliseconds per image"] > 0
    assert line.ledger.trainings()[0].share > 0
    caught = [
        figures["confirmed defects"] - figures["confirmed defects missed"] for figures in (found.before, found.after)
    ]
    assert caught[1] >= caught[0] >= FEWEST_CAUGHT


def test_a_night_of_mislabelled_parts_is_refused_and_says_which_defects_it_would_miss(line: NightLine) -> None:
    """One in five of the accepted parts is really defective: what calibrates is no better than what teaches."""
    line.confirm([blotted(seed) for seed in GOLDEN])
    line.accept([blotted(seed) if seed % 5 == 0 else good_part(seed) for seed in NEW])
    found = run_night(order(), line.shop(work=work_here))
    assert found.before is not None
    assert found.before["confirmed defects"] - found.before["confirmed defects missed"] >= FEWEST_CAUGHT
    assert found.state is RunState.REFUSED, (found.outcome, found.after)
    assert "confirmed defects that model 1 catches: parts blot" in found.verdict[0]
    assert line.ledger.active()["disc"].model.id == 1
