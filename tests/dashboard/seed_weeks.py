"""Weeks behind a line: scores that drift, lots, a new model, changed limits, and what people said. No pictures."""

import json
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import insert

from core.adapters.schema_reviews import review
from core.frame import sha256_of
from core.inspection import NOT_KEPT, Batch, Inspection, Judge, Progress, StoredMap
from core.product import BundleRef, ModelVersion
from core.verdict import Decision, Threshold, judge
from line.seed.parts import CAMERAS, START, THRESHOLD, Seeded, arrival, header

DRIFT_BEGAN = timedelta(days=3)
PER_DAY = 60
EARLIER = Threshold(1.8, 2.4)


def seed_weeks(line: Seeded, days: int = 21, per_day: int = PER_DAY) -> None:
    """Both cameras; an earlier model until ten days ago; one camera whose scores have been rising for three days."""
    line.ledger.prepare_days(line.now.date() - timedelta(days=days))
    for back in range(0, days, 7):
        line.ledger.prepare_days(line.now.date() - timedelta(days=back))
    earlier = earlier_model(line, line.now - timedelta(days=days), line.now - timedelta(days=days // 2))
    newer = newer_model(line, line.now - timedelta(days=days / 2))
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
    version = model_with_letter(line, "earlier", EARLIER, registered_at, "first model")
    why = "too many false rejects in lot L-9003"
    number = line.ledger.set_threshold(version.id, THRESHOLD, changed_at, "petra", why)
    return Judge(version.id, number, THRESHOLD, "torch-cpu-float32")


def newer_model(line: Seeded, at: datetime) -> Judge:
    """A second one, of more pictures."""
    version = model_with_letter(line, "newer", THRESHOLD, at, "all gates passed")
    return Judge(version.id, line.ledger.active()["gear"].threshold_id, THRESHOLD, "torch-cpu-float32")


def model_with_letter(line: Seeded, name: str, limits: Threshold, at: datetime, why: str) -> ModelVersion:
    """Registered and promoted, with a letter that can be read and no weights."""
    letter = {
        "network": {"encoder": "mobilenetv2_100", "height": 256, "width": 256}, "weight": 0.7 + len(name) / 100,
        "threshold": {"review_from": limits.review_from, "reject_from": limits.reject_from},
        "score_rule": {"smoothing": 0.016, "top_share": 0.01, "minimum_area": 0.0},
        "calibration_scores": [0.8, 0.9, 1.1, 1.6],
        "training": {
            "images": 40 * len(name), "calibration_images": 30, "images_sha256": sha256_of(name.encode()), "seed": 1,
            "encoder_weights": "timm", "warm_start": "",
        },
        "parity": {
            "engine": "inductor-cpu-bfloat16", "bound": 0.01, "error": 0.0031, "decisions_changed": 0, "images": 30,
            "passed": True,
        },
    }  # fmt: skip
    uri = line.artifacts.put(f"bundles/gear/{name}/bundle.json", json.dumps(letter).encode())
    version = line.ledger.register("gear", BundleRef(uri, sha256_of(name.encode())), limits, at, "seed")
    line.ledger.promote(version.id, at, "seed", why)
    return version


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
