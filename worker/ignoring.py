"""Regions that a recipe leaves out are left out before anything is judged."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from core.ports import Detector
from core.regions import Regions
from core.verdict import ScoreMap
from worker.scoring import DETECTOR_ERRORS, NoScore


@runtime_checkable
class Rescoring(Protocol):
    """A detector that can score an answer of its own again."""

    def rescored(self, answer: ScoreMap, regions: Regions) -> ScoreMap:
        """The same answer as if nothing had been found in the regions."""
        ...


def without_regions(
    answers: Sequence[ScoreMap | NoScore], detector: Detector, regions: Regions
) -> list[ScoreMap | NoScore]:
    """The answers without these regions. What cannot leave them out has no score: the part is rejected."""
    return [_one(answer, detector, regions) for answer in answers] if regions else list(answers)


def _one(answer: ScoreMap | NoScore, detector: Detector, regions: Regions) -> ScoreMap | NoScore:
    if isinstance(answer, NoScore):
        return answer
    if not isinstance(detector, Rescoring):
        return NoScore(f"{detector.engine} cannot leave out the recipe's regions: take them out of the recipe")
    try:
        return detector.rescored(answer, regions)
    except DETECTOR_ERRORS as error:
        return NoScore(f"{type(error).__name__}: {error}")
