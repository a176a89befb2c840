"""Constants of a fresh bundle that depend on what a recipe leaves out, taken again without it."""

from dataclasses import replace
from pathlib import Path

from core.frame import Image
from core.regions import Regions
from model.bundle import LETTER_NAME
from model.calibration import fit_threshold
from model.detector import batches, load_detector
from model.ignoring.rescoring import IgnoringDetector
from model.images import read_image
from model.letter import Letter, to_json

BATCH = 8


def fitted_without(
    ignore: Regions, folder: Path, calibrate: list[str], budgets: tuple[float, float], device: str
) -> Letter:
    """The bundle's letter with scores and threshold as the line will have them: without these regions.

    `budgets` are those of false rejects and of reviews.

    Raises:
        BundleRefused: The folder holds no whole bundle.
        ValueError: The regions leave nothing to look at.
    """
    detector = load_detector(folder, device)
    looking = IgnoringDetector(detector)
    images = (Image(read_image(Path(path)).pixels) for path in calibrate)
    answers = (answer for batch in batches(images, BATCH) for answer in looking.score(batch))
    scores = [looking.rescored(answer, ignore).score for answer in answers]
    fitted = fit_threshold(scores, *budgets)
    fresh = replace(detector.letter, threshold=fitted.threshold, threshold_reasons=fitted.reasons)
    letter = replace(fresh, calibration_scores=tuple(scores))
    passing = folder / f"{LETTER_NAME}.part"
    passing.write_text(to_json(letter))
    passing.replace(folder / LETTER_NAME)
    return letter
