"""The pictures a first model learned from, kept so that later trainings can go back to them."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from core.errors import SettingRefused
from core.frame import sha256_of
from core.ports import ArtifactStore
from core.product import ModelVersion
from core.retraining import LearnedPart, Origin, RunState, Snapshot, Use
from model.bundle import read_letter
from model.calibration import split
from model.images import IMAGE_SUFFIXES, image_paths
from retrain.gathering import NightLedger
from retrain.promotion import Change


def keep_learned(
    images: Path, bundle: Path, version: ModelVersion, ledger: NightLedger, artifacts: ArtifactStore, change: Change
) -> Snapshot:
    """Upload them and write them down as what this version learned from, and what calibrated it.

    Raises:
        SettingRefused: They are not the pictures that its bundle was made of.
    """
    paths, training = image_paths(images), read_letter(bundle).training
    if images_sha256(paths) != training.images_sha256:
        raise SettingRefused(f"--images {images}: {bundle} was not made of these pictures")
    calibrating = set(split(len(paths), training.seed).calibration)
    product = version.product
    run = ledger.begin_run(product, f"first model {version.id}", change.at, change.who, change.why)
    parts = []
    for number, path in enumerate(paths):
        use = Use.CALIBRATE if number in calibrating else Use.TRAIN
        parts.append(kept_part(product, path.read_bytes(), path.suffix, use, change.at, artifacts))
    unique = list({part.sha256: part for part in parts}.values())
    snapshot = ledger.keep_snapshot(product, unique, change.at)
    outcome = f"model {version.id} was promoted by hand with the {len(unique)} pictures it learned from"
    ended = replace(run, state=RunState.PROMOTED, candidate_id=version.id, snapshot_id=snapshot.id, outcome=outcome)
    ledger.save_run(replace(ended, ended_at=change.at))
    return snapshot


def kept_part(
    product: str, content: bytes, suffix: str, use: Use, at: datetime, artifacts: ArtifactStore
) -> LearnedPart:
    """One picture, uploaded to where no retention takes it away."""
    sha256 = sha256_of(content)
    named = suffix.lower() if suffix.lower() in IMAGE_SUFFIXES else ""
    uri = artifacts.put(f"learned/{product}/{sha256}{named}", content)
    return LearnedPart(sha256, uri, at, "", "", Origin.ACCEPTED, use)


def images_sha256(paths: Sequence[Path]) -> str:
    """As training writes it into the letter."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
