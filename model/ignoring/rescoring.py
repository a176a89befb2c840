"""A map scored again without some regions of it, by its bundle's own rule.

Shapes: H x W pixels of the map.
"""

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from core.frame import Image
from core.regions import Regions
from core.verdict import ScoreMap
from model.detector import NetworkDetector
from model.scoring import combined_map, finished_map, score_of_finished

SHIFT = 8
"""Corners are drawn to 1/256 of a pixel."""


class IgnoringDetector:
    """`core.ports.Detector` over a network's detector, whose answers can be scored again without regions."""

    def __init__(self, detector: NetworkDetector) -> None:
        self._detector = detector

    @property
    def engine(self) -> str:
        """What runs the network."""
        return self._detector.engine

    def score(self, images: Sequence[Image]) -> list[ScoreMap]:
        """The whole pictures' maps and scores."""
        return self._detector.score(images)

    def rescored(self, answer: ScoreMap, regions: Regions) -> ScoreMap:
        """The same answer as if nothing had been found in the regions.

        Before the rule is applied, each pixel there takes the median of all pixels that count: smoothing then carries
        neither a defect out of a region nor a hole into its surroundings. Afterwards it is the lowest of the map, so
        that it is never among the highest pixels.

        Raises:
            ValueError: The regions leave nothing to look at.
        """
        ignored_HW = mask_of(regions, answer.combined.shape)
        if ignored_HW.all():
            raise ValueError("the recipe's regions leave nothing of the picture to look at")
        letter = self._detector.letter
        raw = combined_map(answer.classified, answer.density, letter.weight)
        raw[ignored_HW] = np.median(raw[~ignored_HW])
        finished = finished_map(raw, letter.score_rule)
        finished[ignored_HW] = finished[~ignored_HW].min()
        score = score_of_finished(finished, letter.score_rule)
        return ScoreMap(finished, answer.classified, answer.density, score, answer.features)


@lru_cache(maxsize=64)
def mask_of(regions: Regions, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels of the regions, H x W; a region's own border belongs to it. Do not change it: it is shared."""
    height, width = shape
    mask = np.zeros(shape, np.uint8)
    scale = np.array([width, height], np.float64)
    for region in regions:
        # A pixel's middle lies half a pixel inside it, and cv2 counts from middles.
        corners = np.rint((np.array(region) * scale - 0.5) * 2**SHIFT).astype(np.int32)
        cv2.fillPoly(mask, [corners], 1, lineType=cv2.LINE_8, shift=SHIFT)
    return mask.astype(np.bool_)
