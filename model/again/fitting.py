"""Constants of a fresh bundle that depend on what a recipe leaves out, taken again without it."""

from dataclasses import replace
from pathlib import Path

from core.frame import Image
from core.whole_file import write_whole
from model.again.lessons import FirstLesson, Lesson
from model.bundle import LETTER_NAME
from model.calibration import fit_threshold
from model.config import TrainingConfig
from model.detector import batches, load_detector
from model.ignoring.rescoring import IgnoringDetector
from model.images import read_image
from model.letter import Letter, to_json

BATCH = 8


def fitted_for_the_line(letter: Letter, lesson: Lesson | FirstLesson, config: TrainingConfig, device: str) -> Letter:
    """The letter of a lesson's fresh bundle with scores and threshold as the line will have them.

    That is without the regions that the lesson leaves out; where it leaves out none, the letter as it is.

    Raises:
        BundleRefused: The lesson's folder holds no whole bundle.
        ValueError: The regions leave nothing to look at.
    """
    if not lesson.ignore:
        return letter
    folder = Path(lesson.out)
    detector = load_detector(folder, device)
    looking = IgnoringDetector(detector)
    images = (Image(read_image(Path(path)).pixels) for path in lesson.calibrate)
    answers = (answer for batch in batches(images, BATCH) for answer in looking.score(batch))
    scores = [looking.rescored(answer, lesson.ignore).score for answer in answers]
    fitted = fit_threshold(scores, config.false_reject_budget, config.review_budget)
    fresh = replace(detector.letter, threshold=fitted.threshold, threshold_reasons=fitted.reasons)
    fitted_letter = replace(fresh, calibration_scores=tuple(scores))
    write_whole(folder / LETTER_NAME, to_json(fitted_letter).encode())
    return fitted_letter
