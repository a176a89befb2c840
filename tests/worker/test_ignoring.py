"""Regions that a recipe leaves out, in a worker."""

import cv2
import numpy as np
import pytest

from core.product import Recipe
from core.regions import Regions
from core.verdict import Decision, ScoreMap
from tests.worker.in_memory_line import GreyDetector, Line, frame

LEFT_HALF: Regions = (((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)),)


class HalfDetector(GreyDetector):
    """Scores by the brightest column; left out is its left half."""

    def rescored(self, answer: ScoreMap, regions: Regions) -> ScoreMap:
        assert regions == LEFT_HALF
        kept = answer.combined[:, answer.combined.shape[1] // 2 :]
        return ScoreMap(answer.combined, answer.classified, answer.density, float(kept.max()), answer.features)


def bright_left() -> bytes:
    pixels = np.full((8, 8, 3), 20, np.uint8)
    pixels[:, :4] = 255
    return cv2.imencode(".png", pixels)[1].tobytes()


@pytest.mark.parametrize(("ignore", "decision"), [((), Decision.REVIEW), (LEFT_HALF, Decision.OK)])
def test_what_lies_in_a_region_decides_nothing(ignore: Regions, decision: Decision) -> None:
    """The same part passes once the region is drawn."""
    line = Line()
    line.promote(detector=HalfDetector(), recipe=Recipe(ignore=ignore))
    line.publish(frame(0, content=bright_left()))
    line.work()
    (result,) = line.ledger.results.values()
    assert result.decision is decision


def test_a_detector_that_cannot_leave_out_regions_rejects_and_says_why() -> None:
    """Never OK by accident."""
    line = Line()
    line.promote(detector=GreyDetector(), recipe=Recipe(ignore=LEFT_HALF))
    line.publish(frame(0))
    line.work()
    (result,) = line.ledger.results.values()
    assert result.decision is Decision.ERROR
    assert "cannot leave out the recipe's regions" in result.detail  # type: ignore[union-attr]
