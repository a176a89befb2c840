"""Ten nights, one after another: `python -m tests.benchmarks.nights`. Quality, image passes and time of each.

A first model learns from few rendered parts. Every day people accept more of them and confirm a defect or two; every
night runs as the station runs it, gate and all. Quality is that of the model which judges in the morning, on parts
that no model ever sees.
"""

import argparse
import json
import logging
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import structlog
import torch

from core.product import Recipe
from core.retraining import TrainingRun
from model.metrics import average_precision, image_auroc, ranked
from retrain.night import run_night
from retrain.promotion import fetched_bundle
from tests.retrain.nights import NIGHT, READ, NightLine, good_part, order
from tests.retrain.rendered import BUDGET, blotted, defect_mask, maps_of, train_first, work_here

FIRST, PER_DAY, CONFIRMED_FIRST, CONFIRMED = 40, 30, 12, 2
"""Parts of the first model, accepted ones a day, defects confirmed before the first night and on each day."""
FIRST_PASSES = 60.0
REVIEWED = 1 / 5
TESTED = 60
"""Good parts to judge the models by, and as many defective ones."""
RECIPE = Recipe(
    retrain_fewest_new=20, retrain_passes=6.0, retrain_flow_passes=0.5, false_reject_budget=BUDGET,
    review_budget=REVIEWED, shadow_parts=0,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quality:
    """Of one model on the fixed test set; shares of parts at its own limits. REVIEW counts as caught."""

    auroc: float
    aupr: float
    caught: float
    good_rejected: float
    good_reviewed: float


@dataclass(frozen=True, slots=True)
class Night:
    """What one night brought."""

    number: int
    outcome: str
    why: str
    model: int
    passes: float
    seconds: float
    learned_from: int
    quality: Quality


def quality_of(line: NightLine) -> Quality:
    """Of the model that judges now."""
    active = line.ledger.active()["disc"]
    bundle = fetched_bundle(active.model, line.artifacts, line.folder / "bundles", READ)
    seeds = range(900_000, 900_000 + TESTED)
    found = maps_of(bundle, [*map(good_part, seeds), *map(blotted, seeds)])
    masks = [np.zeros_like(defect_mask(seed)) for seed in seeds] + [defect_mask(seed) for seed in seeds]
    scores, defective = np.array([one.score for one in found]), np.arange(2 * TESTED) >= TESTED
    stopped, rejected = scores >= active.threshold.review_from, scores >= active.threshold.reject_from
    aupr = average_precision(ranked(np.stack(masks), np.stack([one.combined for one in found])))
    shares = (stopped[defective].mean(), rejected[~defective].mean(), (stopped & ~rejected)[~defective].mean())
    return Quality(
        round(float(image_auroc(defective, scores)), 4), round(aupr, 4), *(round(float(one), 3) for one in shares)
    )


def day_and_night(line: NightLine, number: int) -> Night:
    """People look at the day's parts; then the night runs."""
    line.now = NIGHT + timedelta(days=number - 1)
    first = 10_000 * number
    line.accept([good_part(seed) for seed in range(first, first + PER_DAY)])
    line.confirm([blotted(seed) for seed in range(first + 5000, first + 5000 + CONFIRMED)])
    began = time.monotonic()
    run = run_night(order(f"{line.now:%Y-%m-%d}"), line.shop(work=work_here))
    seconds = round(time.monotonic() - began, 1)
    model = line.ledger.active()["disc"].model.id
    return Night(
        number, run.state.value, run.outcome, model, run.passes, seconds, learned_from(line, run), quality_of(line)
    )


def learned_from(line: NightLine, run: TrainingRun) -> int:
    """Pictures of the run's snapshot; 0 where it made none."""
    return next((len(one.parts) for one in line.ledger.snapshots("disc") if one.id == run.snapshot_id), 0)


def simulated(folder: Path, nights: int) -> list[Night]:
    """The first model's quality as night 0, then the nights."""
    line = NightLine(folder)
    line.save(RECIPE)
    began = time.monotonic()
    model = train_first(line, range(FIRST), FIRST_PASSES, flow_passes=1.0, reviewed=REVIEWED)
    seconds = round(time.monotonic() - began, 1)
    line.confirm([blotted(seed) for seed in range(2000, 2000 + CONFIRMED_FIRST)])
    found = [Night(0, "first model", "", model, FIRST_PASSES, seconds, FIRST, quality_of(line))]
    print(row(found[0]), flush=True)
    for number in range(1, nights + 1):
        found.append(day_and_night(line, number))
        print(row(found[-1]), flush=True)
    return found


COLUMNS = (
    "night", "outcome", "model", "pictures", "passes", "s",
    "image AUROC", "pixel AUPR", "defects caught", "good rejected", "good reviewed",
)  # fmt: skip
HEADER = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


def row(night: Night) -> str:
    """As the README shows it."""
    quality = night.quality
    values = (
        *(night.number, night.outcome, night.model, night.learned_from, f"{night.passes:.1f}", f"{night.seconds:.0f}"),
        *(f"{100 * share:.1f}" for share in (quality.auroc, quality.aupr)),
        *(f"{share:.1%}" for share in (quality.caught, quality.good_rejected, quality.good_reviewed)),
    )
    return f"| {' | '.join(map(str, values))} |"


def main() -> None:
    """A table, then one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.nights", description=__doc__)
    parser.add_argument("--nights", type=int, default=10)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    torch.set_num_threads(1)
    print(HEADER)
    with tempfile.TemporaryDirectory(prefix="nights-") as folder:
        found = simulated(Path(folder), asked.nights)
    print(json.dumps({"date": f"{datetime.now(UTC):%Y-%m-%d}", "nights": [asdict(night) for night in found]}))


if __name__ == "__main__":
    main()
