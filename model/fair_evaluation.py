"""Every map judged by the same rule from map to image score, so that a comparison of maps compares nothing else."""

from collections.abc import Iterator, Sequence

import numpy as np

from core.ports import Detector
from core.verdict import ScoreMap
from model.config import ScoreRule
from model.datasets import Dataset
from model.evaluation import BATCH, ImageFigures, MapFigures, Maps, at_judged_size, figures
from model.images import read_image
from model.scoring import finished_map, score_of_finished

Answer = tuple[tuple[Maps, float], ...]
"""A map at the size of comparison and its image score, for A_p, A_nf and A."""


def figures_of(
    detector: Detector, rule: ScoreRule, dataset: Dataset, names: Sequence[str]
) -> dict[str, ImageFigures | MapFigures]:
    """The figures of A_p, A_nf and A under three names; what has an empty name is left out.

    Raises:
        ImageRefused: A test image or a mask cannot be decoded.
    """
    answers = list(answers_of(detector, rule, dataset))
    found = {}
    for place, name in enumerate(names):
        if name:
            maps = np.stack([answer[place][0] for answer in answers])
            scores = np.array([answer[place][1] for answer in answers])
            found[name] = figures(name, dataset, maps, scores)
    return found


def answers_of(detector: Detector, rule: ScoreRule, dataset: Dataset) -> Iterator[Answer]:
    """In the order of the test images; A keeps the detector's own score, which follows the same rule."""
    for start in range(0, len(dataset.tests), BATCH):
        images = [read_image(part.path) for part in dataset.tests[start : start + BATCH]]
        yield from (answer(score_map, rule) for score_map in detector.score(images))


def answer(score_map: ScoreMap, rule: ScoreRule) -> Answer:
    """One image's."""
    classified, density = (finished_map(values, rule) for values in (score_map.classified, score_map.density))
    parts = (classified, density, score_map.combined)
    scores = (score_of_finished(classified, rule), score_of_finished(density, rule), score_map.score)
    return tuple((at_judged_size(values), score) for values, score in zip(parts, scores, strict=True))
