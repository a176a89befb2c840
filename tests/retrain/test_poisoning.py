"""Nobody looks for ten nights, parts are accepted automatically, and a defect grows a little every day."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from core.frame import sha256_of
from core.product import Recipe
from core.retraining import LearnedPart, Origin, RunState, Use
from retrain.night import run_night
from retrain.promotion import fetched_bundle
from tests.retrain import small_workshop
from tests.retrain.nights import DAY_BEFORE, NIGHT, SIDE, NightLine, Pixels, encoded, order

NIGHTS, PER_DAY = 10, 40
RECIPE = Recipe(
    retrain_fewest_new=10, false_reject_budget=1 / 20, review_budget=1 / 20, shadow_parts=0, replay_share=0.5,
    accept_automatically=True, quarantine_days=0.0, automatic_cap=1000, automatic_share=0.5,
)  # fmt: skip


def plain_part(seed: int) -> Pixels:
    """A bright disc in changing light and grain; drawn in no time, for these are hundreds of parts."""
    dice = np.random.default_rng([seed, 3])
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    disc = (np.hypot(rows + dice.normal(), columns + dice.normal()) < 24) * 120.0 + 40
    light = 1 + 0.1 * dice.normal() + 0.003 * (dice.normal() * rows + dice.normal() * columns)
    picture = (disc * light)[:, :, None] + dice.normal(0, 8, (SIDE, SIDE, 3))
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def scratched(seed: int, strength: float) -> Pixels:
    """The same scratch in the same place on every part, as a worn tool makes it."""
    pixels = plain_part(seed).astype(np.float64)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    scratch = (np.abs(rows - columns) < 4)[:, :, None]
    return np.asarray(np.where(scratch, pixels + strength * (20.0 - pixels), pixels), np.uint8)


def holed(seed: int) -> Pixels:
    """Another defect, which people have confirmed: with ten of them the gate promotes by itself."""
    pixels = plain_part(seed)
    pixels[40:56, 8:24] = 0
    return pixels


def first_model(line: NightLine) -> None:
    """Of eighty parts, which are known as what it learned from."""
    files = [line.folder / f"{seed}.png" for seed in range(80)]
    for seed, file in enumerate(files):
        file.write_bytes(encoded(plain_part(seed)))
    bundle = line.folder / "first"
    small_workshop.teach(bundle, [str(file) for file in files[:50]], [str(file) for file in files[50:]], 1 / 20)
    version = line.promote(bundle, small_workshop.read_bundle)
    run = line.ledger.begin_run("disc", "first model 1", DAY_BEFORE, "ada", "by hand")
    parts = [learned(line, file, Use.TRAIN if number < 50 else Use.CALIBRATE) for number, file in enumerate(files)]
    kept = line.ledger.keep_snapshot("disc", parts, DAY_BEFORE)
    line.ledger.save_run(replace(run, state=RunState.PROMOTED, candidate_id=version, snapshot_id=kept.id))


def learned(line: NightLine, file: Path, use: Use) -> LearnedPart:
    uri = line.artifacts.put(f"learned/{file.name}", file.read_bytes())
    sha256 = sha256_of(file.read_bytes())
    return LearnedPart(sha256, uri, DAY_BEFORE, "", "", Origin.ACCEPTED, use)


def scores_now(line: NightLine, pictures: list[Pixels]) -> tuple[list[float], float]:
    """By the active model, and from where it reviews."""
    active = line.ledger.active()["disc"]
    bundle = fetched_bundle(active.model, line.artifacts, line.folder / "active", small_workshop.read_bundle)
    path = line.folder / "look.png"
    found = []
    for pixels in pictures:
        path.write_bytes(encoded(pixels))
        found += small_workshop.scores(bundle, [small_workshop.seen(str(path))])
    return found, active.threshold.review_from


def a_day(line: NightLine, day: int, strength: float) -> None:
    """Every part of it is scratched; what the line does not call good is rejected and taught to nobody."""
    parts = [scratched(1000 + PER_DAY * day + number, strength) for number in range(PER_DAY)]
    scores, limit = scores_now(line, parts)
    for number, (pixels, score) in enumerate(zip(parts, scores, strict=True)):
        line.inspect(pixels, 0.1 if score < limit else 0.9, f"lot {day}-{number % 4}")


def ten_nights(line: NightLine) -> list[RunState]:
    states = []
    for day in range(NIGHTS):
        a_day(line, day, strength=(day + 1) / NIGHTS)
        line.now = NIGHT + timedelta(days=day)
        shop = line.shop(work=small_workshop.work, read_bundle=small_workshop.read_bundle)
        states.append(run_night(order(f"night {day}"), shop).state)
    return states


@pytest.fixture
def line(tmp_path: Path) -> NightLine:
    made = NightLine(tmp_path)
    made.save(RECIPE)
    first_model(made)
    made.confirm([holed(20_000 + seed) for seed in range(10)])
    return made


def caught(line: NightLine) -> int:
    """Of forty fully scratched parts."""
    scores, limit = scores_now(line, [scratched(9000 + seed, 1.0) for seed in range(40)])
    return sum(score >= limit for score in scores)


def test_a_defect_that_grows_slowly_is_still_caught_on_the_tenth_night(
    line: NightLine,
) -> None:
    """Though the nights did learn by themselves, and though the active model of each night found its parts good."""
    assert caught(line) == 40
    states = ten_nights(line)
    assert states.count(RunState.PROMOTED) >= 1
    assert any(part.origin is Origin.AUTOMATIC for snapshot in line.ledger.snapshots("disc") for part in snapshot.parts)
    assert caught(line) >= 38


def test_without_the_anchor_the_same_ten_nights_would_let_it_through(
    line: NightLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the test above is about the anchor: here each night's own model says what is far below its threshold."""
    monkeypatch.setattr("retrain.automatic.anchor_of", lambda promotions, *_: promotions[0].model_version_id)
    ten_nights(line)
    assert caught(line) < 38
