"""Weeks behind a line: scores that drift, lots, a new model, changed limits, and what people said. No pictures."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import insert

from core.adapters.schema_reviews import review
from core.frame import sha256_of
from core.inspection import NOT_KEPT, Batch, Inspection, Judge, Progress, StoredMap
from core.product import BundleRef
from core.verdict import Decision, Threshold, judge
from line.seed.parts import CAMERAS, START, THRESHOLD, Seeded, arrival, header, model_for

DRIFT_BEGAN = timedelta(days=3)
PER_DAY = 60
EARLIER = Threshold(1.8, 2.4)


def seed_weeks(line: Seeded, days: int = 21, per_day: int = PER_DAY) -> None:
    """Both cameras; an earlier model until ten days ago; one camera whose scores have been rising for three days."""
    line.ledger.prepare_days(line.now.date() - timedelta(days=days))
    for back in range(0, days, 7):
        line.ledger.prepare_days(line.now.date() - timedelta(days=back))
    earlier = earlier_model(line, line.now - timedelta(days=days), line.now - timedelta(days=days // 2))
    newer = model_for(replace(line, now=line.now - timedelta(days=days / 2)), "gear")
    found: list[Inspection] = []
    for lane, camera in enumerate(CAMERAS):
        scores = np.random.default_rng(7 + lane)
        results = [
            _scored(line, camera, number, days, per_day, earlier, newer, scores) for number in range(days * per_day)
        ]
        line.ledger.record(Batch(tuple(results), (Progress("seeded weeks", lane, 0, 1),)))
        found += results
    seed_reviews(line, [result for result in found if result.decision is not Decision.OK][::9])


def earlier_model(line: Seeded, registered_at: datetime, changed_at: datetime) -> Judge:
    """A first model of the product, whose limits somebody raised once."""
    bundle = BundleRef("memory:bundles/earlier/bundle.json", sha256_of(b"earlier"))
    version = line.ledger.register("gear", bundle, EARLIER, registered_at, "seed")
    line.ledger.promote(version.id, registered_at, "seed", "first model")
    number = line.ledger.set_threshold(
        version.id, THRESHOLD, changed_at, "petra", "too many false rejects in lot L-9003"
    )
    return Judge(version.id, number, THRESHOLD, "torch-cpu-float32")


def _scored(
    line: Seeded,
    camera: str,
    number: int,
    days: int,
    per_day: int,
    earlier: Judge,
    newer: Judge,
    scores: np.random.Generator,
) -> Inspection:
    ago = timedelta(days=days) * (1 - (number + 1) / (days * per_day + 1))
    moment, sequence = line.now - ago - timedelta(minutes=2), 1_000_000 + number
    score = float(scores.lognormal(np.log(1.1), 0.22))
    if camera == "line1-top" and ago < DRIFT_BEGAN:
        score *= 1 + 0.45 * (1 - ago / DRIFT_BEGAN)
    if scores.random() < 0.01:
        score += 2.0
    frame = header(line, camera, sequence, moment, str(sequence).encode())
    who = earlier if ago > timedelta(days=days / 2) else newer
    place = arrival(line, camera, sequence, moment)
    empty = StoredMap(b"", 0, 1)
    return Inspection(frame, place, judge(score, who.threshold), who, empty, NOT_KEPT, moment + timedelta(seconds=0.2))


def seed_reviews(line: Seeded, parts: list[Inspection]) -> None:
    """Every third part is a confirmed scratch, the others were good."""
    rows = [
        {
            "captured_at": part.frame.captured_at, "camera": part.frame.id.camera, "start_id": START,
            "sequence": part.frame.id.sequence, "replaces": 0, "judgement": "good" if place % 3 else "defect",
            "kind": "" if place % 3 else "scratch", "mask_png": b"", "note": "", "who": "omar",
            "at": part.frame.captured_at + timedelta(hours=2), "product": part.frame.product, "lot": part.frame.lot,
            "sha256": part.frame.sha256, "frame_uri": "", "decision": part.decision.value,
            "score": part.verdict.score, "model_version_id": part.judge.model_version_id,
        }
        for place, part in enumerate(parts)
    ]  # fmt: skip
    with line.ledger.engine.begin() as connection:
        connection.execute(insert(review), rows)
