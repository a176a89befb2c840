"""A night on real images, whole: two hundred good parts teach the first model, people accept a hundred and fifty more.

The parts go by in the order in which the camera took them: the machine gets dirtier with time, so the first model has
never seen what later parts look like. Of the days after it people accept every other part; the others are what neither
model has seen. Dirt looks much like pitting: a first model that rejects too much catches defects by it. One part in
twenty may be rejected and one in five looked at, for REVIEW counts as caught; with no band between the two the gate
refuses a model that keeps to its budget.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event

import pytest

from core.product import Product, Recipe
from core.retraining import RunState, TrainingRun
from core.review import Judgement, Opinion
from core.verdict import Decision
from line.stations import Stations
from model.bundle import read_letter
from model.letter import Training
from retrain.promotion import fetched_bundle
from retrain.shadows import settle
from retrain.workshop.jobs import Bounds, Picture, ScoreJob
from retrain.workshop_door import Watch, worked
from tests import servers
from tests.line.real_images import SET, WEIGHTS, in_time, linked, mask_of, skip_without_images
from tests.line.real_night import PRODUCT, READ, Judged, RealLine, sha256_of_file, wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(3600)]

FIRST, NEW = 200, 150
BUDGET, REVIEWED = 1 / 20, 1 / 5
RECIPE = Recipe(
    false_reject_budget=BUDGET,
    review_budget=REVIEWED,
    keep_ok_share=1.0,
    shadow_parts=60,
    defect_kinds=("pitting",),
)
GOOD = Opinion(Judgement.GOOD)
FIGURES = Path(".line/acceptance/night.json")


@pytest.fixture
def line(tmp_path: Path) -> Iterator[RealLine]:
    """A worker and whatever it needs; its night comes in a few hours, wherever the real clock stands."""
    skip_without_images()
    environment = {
        "DATABASE_URL": servers.postgres(),
        "KAFKA_BOOTSTRAP_SERVERS": "",
        "REDIS_URL": "",
        "ARTIFACT_URL": str(tmp_path / "artifacts"),
        "WORKER_CACHE": str(tmp_path / "cache"),
        "WORKER_ENGINE": "torch-cpu-float32",
        "OMP_NUM_THREADS": "1",
    }
    with Stations(environment, tmp_path / "logs") as stations:
        made = RealLine(tmp_path, environment, stations, datetime.now(UTC) + timedelta(hours=8))
        made.run("core", "migrate")
        yield made
        made.ledger.close()


def test_a_night_brings_a_model_that_is_no_worse_and_nearer_to_its_budget(line: RealLine, tmp_path: Path) -> None:
    """Trained from the first, past gate and shadow, swapped under load; good parts that neither saw say the rest."""
    good, defects = in_time(SET / "train" / "good"), in_time(SET / "test" / "pitting")
    newly, unseen = good[FIRST::2], good[FIRST + 1 :: 2]
    assert len(newly) == NEW
    seconds = {"first model": first_model(line, good[:FIRST])}
    line.stations.start("worker", "worker")
    accept_and_confirm(line, newly, defects)

    began = time.monotonic()
    run = line.night(f"{line.night_at:%Y-%m-%d}")
    seconds["night until its shadow run"] = round(time.monotonic() - began, 1)
    print("\n".join(step.text for step in line.ledger.steps(run.id)))
    assert run.state is RunState.SHADOWING, run.outcome
    learned = read_letter(line.folder / "retrain" / PRODUCT / f"run-{run.id}" / "candidate").training
    assert learned.warm_start
    assert min(learned.passes, learned.flow_passes) > 0
    swap = promoted_under_load(line, run, linked(tmp_path / "unseen", unseen))

    rates = {model: false_rejects(line, model, unseen) for model in (run.incumbent_id, run.candidate_id)}
    before, after = rates.values()
    write_figures(run, learned, (before, after), seconds, swap)
    assert run.before is not None
    assert run.after is not None
    assert run.after["confirmed defects"] == len(defects)
    assert run.after["confirmed defects missed"] <= run.before["confirmed defects missed"]
    assert abs(after - BUDGET) < abs(before - BUDGET)


def first_model(line: RealLine, pictures: Sequence[Path]) -> float:
    """Trained on these, or the one that FIRST_BUNDLE names; its pictures are kept for the night to go back to."""
    began, images, bundle = time.monotonic(), linked(line.folder / "first", list(pictures)), line.folder / "v1"
    if "FIRST_BUNDLE" in os.environ:
        bundle = Path(os.environ["FIRST_BUNDLE"])
    else:
        shares = ("--passes", "9", "--flow-passes", "1", "--budget", str(BUDGET), "--review-budget", str(REVIEWED))
        weights = ("--weights", str(WEIGHTS), "--weights-mean", "0.5", "--weights-std", "0.5")
        encoder = ("--encoder", "mobilenetv2_100", *weights, "--engine", "torch-cpu-float32", "--threads", "1")
        line.run("model", "train", "--images", str(images), "--out", str(bundle), *encoder, *shares)
    line.ledger.save_product(Product(PRODUCT, RECIPE), datetime.now(UTC), "anna", "a new product")
    line.run("retrain", "promote", "--product", PRODUCT, "--bundle", str(bundle), "--images", str(images))
    return round(time.monotonic() - began, 1)


def accept_and_confirm(line: RealLine, good: Sequence[Path], defects: Sequence[Path]) -> None:
    """All of them pass the camera; a person calls each what it is."""
    said = {sha256_of_file(path): GOOD for path in good}
    said |= {sha256_of_file(path): Opinion(Judgement.DEFECT, "pitting", mask_of(path)) for path in defects}
    shown = linked(line.folder / "new", [*good, *defects])
    rows = line.inspect(shown, len(said), rate=10)
    assert not [row for row in rows if row.decision is Decision.ERROR]
    line.review(rows, said, datetime.now(UTC))
    assert len(line.ledger.golden(PRODUCT)) >= len(defects)


def promoted_under_load(line: RealLine, run: TrainingRun, shown: Path) -> Mapping[str, float]:
    """The camera runs all the while: the shadow run, the promotion, the swap. Every frame is judged once, by one."""
    camera = line.start_camera(shown, rate=4)

    def is_promoted() -> bool:
        settle(line.ledger, line.night_at, "station")
        return line.newest_run().state is not RunState.SHADOWING

    wait_until(is_promoted, line.stations, "the shadow run has not ended")
    assert line.newest_run().state is RunState.PROMOTED, line.newest_run().outcome
    promoted_at = datetime.now(UTC)

    def by_candidate() -> int:
        return sum(row.model == run.candidate_id for row in line.rows(line.captured(camera)))

    wait_until(lambda: by_candidate() >= 60, line.stations, "no worker swapped its model")
    line.stations.stop(camera)
    captured = line.captured(camera)
    wait_until(lambda: len(line.rows(captured)) == len(captured), line.stations, "not all frames have a row")
    rows = line.rows(captured)
    models = [row.model for row in rows]
    assert models == sorted(models)
    assert set(models) == {run.incumbent_id, run.candidate_id}
    assert not [row for row in rows if row.decision is Decision.ERROR]
    at_swap, longest = pauses(rows, run)
    first = min(row.judged_at for row in rows if row.model == run.candidate_id)
    assert at_swap <= 1.5 * longest
    return {
        "frames": len(rows),
        "longest pause elsewhere s": longest,
        "pause at the swap s": at_swap,
        "swapped after s": round((first - promoted_at).total_seconds(), 2),
    }


def pauses(rows: Sequence[Judged], run: TrainingRun) -> tuple[float, float]:
    """Between the last row of the one model and the first of the other, and the longest between any other two.

    The others are a batch apart: how long one takes, and its scoring in the shadow, is the machine's affair.
    """
    ordered = sorted(rows, key=lambda row: row.judged_at)
    gaps = [
        ((later.judged_at - earlier.judged_at).total_seconds(), earlier.model != later.model)
        for earlier, later in pairwise(ordered)
    ]
    return max(gap for gap, is_swap in gaps if is_swap), max(gap for gap, is_swap in gaps if not is_swap)


def false_rejects(line: RealLine, model: int | None, unseen: Sequence[Path]) -> float:
    """The share of good parts that neither model has seen which this one rejects, at its own threshold."""
    assert model is not None
    version, threshold = line.ledger.model_version(model)
    shop = line.shop()
    bundle = fetched_bundle(version, shop.artifacts, line.folder / "bundles", READ)
    job = ScoreJob(Bounds(idle=False), str(bundle), [Picture(path.stem, str(path)) for path in unseen])
    quiet = Watch(lambda *_: None, lambda: "", lambda: False, Event().wait)
    scores = worked(job, line.folder / f"scored-{model}", quiet)["scores"]
    return sum(score >= threshold.reject_from for score in scores) / len(scores)


def write_figures(
    run: TrainingRun,
    learned: Training,
    rates: tuple[float, float],
    seconds: Mapping[str, float],
    swap: Mapping[str, float],
) -> None:
    """As JSON, in .line/acceptance; printed too."""
    said = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "budget": BUDGET,
        "review budget": REVIEWED,
        "false rejects of unseen good parts": {"before": rates[0], "after": rates[1]},
        "before": run.before,
        "after": run.after,
        "passes": run.passes,
        "flow passes": learned.flow_passes,
        "learned from": learned.images,
        "calibrated on": learned.calibration_images,
        "seconds": seconds,
        "swap": swap,
    }
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps(said, indent=2) + "\n")
    print(FIGURES.read_text())
