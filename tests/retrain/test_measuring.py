"""What the workshop measures, and how much of it lies in memory at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from core.frame import Image
from core.regions import Regions
from core.verdict import ScoreMap
from model.again.fitting import fitted_for_the_line
from model.again.lessons import Lesson
from model.bundle import load_bundle, read_letter
from model.calibration import fit_threshold
from model.config import TrainingConfig
from model.detector import load_detector
from model.ignoring.rescoring import IgnoringDetector
from model.images import read_image
from retrain.workshop import measuring
from retrain.workshop.jobs import Bounds, MeasureJob, Picture, ScoreJob, TrainJob, read_job, write_job
from retrain.workshop.measuring import BATCH, drawn_defects, measured, scored
from tests.model.bundles import write_bundle
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


LEFT_HALF: Regions = (((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)),)


def test_parts_are_measured_as_the_line_judges_them(tmp_path: Path) -> None:
    """What lies in a region that the recipe leaves out decides nothing, and catches no defect either."""
    write_bundle(tmp_path / "bundle")
    file = tmp_path / "part.png"
    file.write_bytes(encoded(good_part(1)))
    detector = load_detector(tmp_path / "bundle", "cpu")
    (whole,) = detector.score([read_image(file)])
    without = IgnoringDetector(detector).rescored(whole, LEFT_HALF).score
    pictures, bounds = [Picture("part", str(file))], Bounds(device="cpu")
    assert scored(ScoreJob(bounds, str(tmp_path / "bundle"), pictures)) == [pytest.approx(whole.score)]
    assert scored(ScoreJob(bounds, str(tmp_path / "bundle"), pictures, LEFT_HALF)) == [pytest.approx(without)]
    job = MeasureJob(bounds, [str(tmp_path / "bundle")], pictures, [str(file)], 1, 1, ignore=LEFT_HALF)
    (found,) = measured(job)
    assert (found.scores, found.without) == ([pytest.approx(without)], [pytest.approx(without)])
    assert without != pytest.approx(whole.score)


def test_limits_are_fitted_to_what_the_line_will_see(tmp_path: Path) -> None:
    """A region that always looks odd would lift them, and defects elsewhere would pass below."""
    bundle, files = tmp_path / "bundle", [tmp_path / f"{seed}.png" for seed in range(20)]
    before = write_bundle(bundle)
    for seed, file in enumerate(files):
        file.write_bytes(encoded(good_part(seed)))
    lesson = Lesson("start", str(bundle), [], [str(file) for file in files], 1.0, 1.0, 0.05, 0.2, 1, ignore=LEFT_HALF)
    config = TrainingConfig(false_reject_budget=0.05, review_budget=0.2)
    assert fitted_for_the_line(before, replace(lesson, ignore=()), config, "cpu") is before
    after = fitted_for_the_line(before, lesson, config, "cpu")
    scores = scored(ScoreJob(Bounds(), str(bundle), [Picture(file.stem, str(file)) for file in files], LEFT_HALF))
    assert after.calibration_scores == pytest.approx(scores)
    assert after.threshold == fit_threshold(scores, 0.05, 0.2).threshold != before.threshold
    assert read_letter(bundle) == after
    assert load_bundle(bundle)[0].weights_sha256 == before.weights_sha256


def test_a_job_keeps_its_regions_on_its_way_to_the_workshop(tmp_path: Path) -> None:
    """Files know no tuples."""
    lesson = Lesson("a", "b", [], [], 1.0, 1.0, 0.1, 0.1, 1, ignore=LEFT_HALF)
    measure = MeasureJob(Bounds(), [], [], [], 1, 1, ignore=LEFT_HALF)
    for job in (TrainJob(Bounds(), lesson), measure, ScoreJob(Bounds(), "a", [], LEFT_HALF)):
        write_job(tmp_path, job)
        assert read_job(tmp_path) == job


def test_speeds_are_compared_by_the_least_time_of_each() -> None:
    """A moment in which another process had the core says nothing against a model."""
    now = 0.0

    @dataclass
    class Taking:
        """Takes so long for each picture in turn."""

        times: list[float]
        engine: str = "test"

        def score(self, images: Sequence[Image]) -> list[ScoreMap]:
            nonlocal now
            now += self.times.pop(0)
            return []

    calls = 1 + 2 * measuring.ROUNDS
    disturbed = [9.0, *([0.006] * (calls - 2)), 0.005]
    took = measuring.ms_per_image(
        [Taking([0.005] * calls), Taking(disturbed)], [good_part(1), good_part(2)], lambda: now
    )
    assert took == [pytest.approx(5), pytest.approx(5)]
    assert measuring.ms_per_image([Taking([])], []) == [0.0]
