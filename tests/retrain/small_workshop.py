"""A workshop without a network: a model is the mean picture and how far good pixels stray from it.

It keeps the promises of the real one, in milliseconds, so that many nights fit into a test.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.frame import sha256_of
from core.verdict import Threshold
from model.calibration import fit_threshold
from model.images import decode
from retrain.promotion import LETTER, WEIGHTS, TrainedBundle
from retrain.workshop.jobs import BundleFindings, FirstJob, Job, MeasureJob, ScoreJob, TrainJob
from retrain.workshop_door import Watch

SIDE = 32
LEAST_SPREAD = 4.0
"""Grey levels: what a camera's noise alone makes of a pixel."""
Field = NDArray[np.float32]


def seen(path: str) -> Field:
    """A picture as this model sees it."""
    pixels = decode(Path(path).read_bytes()).pixels
    return cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)


def write_bundle(folder: Path, pictures: Sequence[Field], threshold: Threshold) -> None:
    """Two files, as a bundle has them."""
    folder.mkdir(parents=True, exist_ok=True)
    values = np.stack([np.mean(pictures, axis=0), np.std(pictures, axis=0)]).astype(np.float32)
    (folder / WEIGHTS).write_bytes(values.tobytes())
    (folder / LETTER).write_text(json.dumps(asdict(threshold)))


def read_bundle(folder: Path) -> TrainedBundle:
    """BundleReader."""
    content = (folder / WEIGHTS).read_bytes() + (folder / LETTER).read_bytes()
    return TrainedBundle(folder, sha256_of(content), Threshold(**json.loads((folder / LETTER).read_text())))


def scores(folder: Path, pictures: Sequence[Field]) -> list[float]:
    """How many spreads the worst twentieth of a picture strays from the mean."""
    mean, spread = np.frombuffer((folder / WEIGHTS).read_bytes(), np.float32).reshape(2, SIDE, SIDE, 3)
    strayed = [np.abs(picture - mean) / np.maximum(spread, LEAST_SPREAD) for picture in pictures]
    return [float(np.sort(one.ravel())[-one.size // 20 :].mean()) for one in strayed]


def teach(folder: Path, train: Sequence[str], calibrate: Sequence[str], budget: float) -> Threshold:
    """Learn, and fit a threshold as the real one does."""
    write_bundle(folder, [seen(path) for path in train], Threshold(0, 0))
    fitted = fit_threshold(scores(folder, [seen(path) for path in calibrate]), budget, budget).threshold
    (folder / LETTER).write_text(json.dumps(asdict(fitted)))
    return fitted


def work(job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
    """Shop.work."""
    if isinstance(job, TrainJob | FirstJob):
        lesson = job.lesson
        fitted = teach(Path(lesson.out), lesson.train, lesson.calibrate, lesson.false_reject_budget)
        return {"passes": 1.0, "flow_passes": 1.0, "threshold_reasons": [], **asdict(fitted)}
    if isinstance(job, ScoreJob):
        return {"scores": scores(Path(job.bundle), [seen(picture.path) for picture in job.pictures])}
    return {"findings": [asdict(findings(Path(bundle), job)) for bundle in job.bundles]}


def findings(bundle: Path, job: MeasureJob) -> BundleFindings:
    """Synthetic defects are a dark corner."""
    ground = [seen(path) for path in job.ground]
    drawn = [picture * np.where(np.arange(SIDE) < 12, 0.2, 1.0)[None, :, None] for picture in ground]
    of_parts = scores(bundle, [seen(picture.path) for picture in job.pictures])
    return BundleFindings(of_parts, scores(bundle, drawn), scores(bundle, ground), -1.0, 1.0, 0.0, 1e-4)
