"""A detector against a dataset: the four metrics of A_p, A_nf and A."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.ports import Detector
from core.verdict import ScoreMap
from model.datasets import GOOD, Dataset, truth
from model.images import read_image
from model.metrics import PixelFigures, image_auroc, pixel_figures

JUDGED_SIDE = 256
"""Maps of every size are compared at this one, as the field does."""
BATCH = 8

Maps = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ImageFigures:
    """What one map achieves where no masks are known."""

    score_map: str
    image_auroc: float


@dataclass(frozen=True, slots=True)
class MapFigures:
    """The four figures of one map, each in 0..1."""

    score_map: str
    image_auroc: float
    pixels: PixelFigures


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One row for A_p, for A_nf and for A, in this order."""

    dataset: str
    images: int
    defects: int
    rows: tuple[ImageFigures | MapFigures, ...]

    def table(self) -> str:
        """For people, in per cent."""
        titles = f"{self.dataset}: {self.images} images, {self.defects} with defects"
        header = f"{'map':<6}{'image AUROC':>13}{'pixel AUROC':>13}{'pixel AUPR':>13}{'AUPRO':>13}"
        return "\n".join([titles, header, *(table_row(row) for row in self.rows)])

    def json_line(self) -> str:
        """For programs, in per cent, on one line."""
        figures = {row.score_map: percentages(row) for row in self.rows}
        return json.dumps({"dataset": self.dataset, "images": self.images, "defects": self.defects} | figures)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What the detector said of one image, at the size of comparison."""

    classified: Maps
    density: Maps
    combined: Maps
    score: float


def evaluate(detector: Detector, dataset: Dataset) -> Evaluation:
    """Score every test image and compare.

    The image score of A is the detector's own; A_p and A_nf alone are scored by their maximum, as in the paper.

    Raises:
        ImageRefused: A test image or a mask cannot be decoded.
    """
    judged = list(answers(detector, dataset))
    combined = np.array([answer.score for answer in judged])
    classified, density = (np.stack([getattr(answer, name) for answer in judged]) for name in ("classified", "density"))
    rows = (
        figures("A_p", dataset, classified, maxima(classified)),
        figures("A_nf", dataset, density, maxima(density)),
        figures("A", dataset, np.stack([answer.combined for answer in judged]), combined),
    )
    defects = sum(part.kind != GOOD for part in dataset.tests)
    return Evaluation(dataset.name, len(dataset.tests), defects, rows)


def answers(detector: Detector, dataset: Dataset) -> Iterator[Judged]:
    """The detector's answers in the order of the test images; a few images are in memory at a time."""
    for start in range(0, len(dataset.tests), BATCH):
        images = [read_image(part.path) for part in dataset.tests[start : start + BATCH]]
        yield from (shrunk(score_map) for score_map in detector.score(images))


def shrunk(score_map: ScoreMap) -> Judged:
    """The maps at the size of comparison."""
    return Judged(
        at_judged_size(score_map.classified),
        at_judged_size(score_map.density),
        at_judged_size(score_map.combined),
        score_map.score,
    )


def at_judged_size(values: Maps) -> Maps:
    """Bilinear."""
    if values.shape == (JUDGED_SIDE, JUDGED_SIDE):
        return values
    return np.asarray(cv2.resize(values, (JUDGED_SIDE, JUDGED_SIDE), interpolation=cv2.INTER_LINEAR), np.float32)


def maxima(maps: Maps) -> NDArray[np.float64]:
    """The highest value of every map."""
    return np.asarray(maps.reshape(len(maps), -1).max(axis=1), np.float64)


def figures(name: str, dataset: Dataset, maps: Maps, scores: NDArray[np.float64]) -> ImageFigures | MapFigures:
    """One row of the table."""
    defective = np.array([part.kind != GOOD for part in dataset.tests], np.bool_)
    of_images = image_auroc(defective, scores)
    if not dataset.has_masks:
        return ImageFigures(name, of_images)
    masks = np.stack([truth(part, JUDGED_SIDE, JUDGED_SIDE) for part in dataset.tests])
    return MapFigures(name, of_images, pixel_figures(masks, maps))


def percentages(row: ImageFigures | MapFigures) -> dict[str, float]:
    """The row's figures in per cent with two digits; what is not known is left out."""
    found = {"image_auroc": row.image_auroc}
    if isinstance(row, MapFigures):
        found |= {"pixel_auroc": row.pixels.auroc, "pixel_aupr": row.pixels.aupr, "aupro": row.pixels.aupro}
    return {name: round(100 * value, 2) for name, value in found.items()}


def table_row(row: ImageFigures | MapFigures) -> str:
    """One line of the table; a dash for what is not known."""
    known = percentages(row)
    names = ("image_auroc", "pixel_auroc", "pixel_aupr", "aupro")
    return f"{row.score_map:<6}" + "".join(f"{known[name]:13.2f}" if name in known else f"{'-':>13}" for name in names)
