"""What the workshop measures, and how much of it lies in memory at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from core.frame import Image
from core.verdict import ScoreMap
from model.images import read_image
from retrain.workshop import measuring
from retrain.workshop.jobs import Bounds, Picture, ScoreJob
from retrain.workshop.measuring import BATCH, drawn_defects, scored
from tests.retrain.nights import encoded, good_part


@dataclass
class Counting:
    """A detector that notes how many files had been read when it was shown each batch."""

    read: list[Path]
    at: list[int] = field(default_factory=list)

    def score(self, images: Sequence[Image]) -> list[ScoreMap]:
        self.at.append(len(self.read))
        flat = np.zeros((2, 2), np.float32)
        return [ScoreMap(flat, flat, flat, float(image.pixels.mean()), flat[0]) for image in images]


def test_pictures_are_decoded_batch_by_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, a few lie in memory."""
    files = [tmp_path / f"{seed}.png" for seed in range(2 * BATCH)]
    for seed, file in enumerate(files):
        file.write_bytes(encoded(good_part(seed)))
    read: list[Path] = []
    detector, as_before = Counting(read), read_image

    def noted(path: Path) -> Image:
        read.append(path)
        return as_before(path)

    monkeypatch.setattr(measuring, "read_image", noted)
    monkeypatch.setattr(measuring, "load_detector", lambda *_: detector)
    found = scored(ScoreJob(Bounds(), "bundle", [Picture(file.stem, str(file)) for file in files]))
    assert detector.at == [BATCH, 2 * BATCH]
    assert found == [pytest.approx(good_part(seed).mean()) for seed in range(2 * BATCH)]


def test_drawn_defects_are_the_same_each_time_they_are_drawn() -> None:
    """So that two bundles are measured on the same ones though they are drawn for each."""
    ground = [good_part(seed) for seed in range(3)]
    once, again = (list(drawn_defects(ground, 4, seed=1)) for _ in range(2))
    assert all((one == other).all() for one, other in zip(once, again, strict=True))
    assert list(drawn_defects([], 4, seed=1)) == []
