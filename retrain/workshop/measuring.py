"""What bundles make of the gate's pictures: scores, synthetic defects, masks, speed, and the answers they carry."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.frame import Image
from core.ports import Detector
from core.product import ObjectMask, mask_of
from core.regions import Regions
from core.verdict import ScoreMap
from model.bundle import load_bundle
from model.defects import DefectDrawer, DefectRule
from model.detector import NetworkDetector, batches, load_detector
from model.ignoring.rescoring import IgnoringDetector
from model.images import decode, read_image
from model.metrics import average_precision, ranked
from model.object_mask import mask_rule
from model.parity import BOUNDS, answers_of, parity_pictures, range_of
from model.textures import procedural_textures
from retrain.workshop.jobs import BundleFindings, MeasureJob, Picture, ScoreJob

Pixels = NDArray[np.uint8]
BATCH = 8
COMPARED_SIDE = 128
"""Maps and masks are compared at this size: a drawn mask is no finer than a hand."""
TIMED = 8
ROUNDS = 3
ENGINE = "float32"


def measured(job: MeasureJob) -> list[BundleFindings]:
    """One after another, on the same pictures; their speeds side by side."""
    ground = list(opened(job.ground))
    timed = list(opened(picture.path for picture in job.pictures[:TIMED])) or ground[:TIMED]
    detectors = [load_detector(Path(folder), job.bounds.device) for folder in job.bundles]
    bundles = zip(detectors, job.bundles, ms_per_image(detectors, timed), strict=True)
    return [findings(detector, Path(folder), job, ground, ms) for detector, folder, ms in bundles]


def opened(paths: Iterable[str]) -> Iterator[Pixels]:
    """Decoded as they are asked for: thousands of a camera's pictures at once are beyond any memory."""
    return (read_image(Path(path)).pixels for path in paths)


def scored(job: ScoreJob) -> list[float]:
    """In the order of the pictures."""
    detector = load_detector(Path(job.bundle), job.bounds.device)
    return scores_of(detector, opened(picture.path for picture in job.pictures), job.ignore)


def findings(
    detector: NetworkDetector, folder: Path, job: MeasureJob, ground: Sequence[Pixels], ms: float
) -> BundleFindings:
    """Of one bundle, whose speed is measured beside the others'."""
    paths = [picture.path for picture in job.pictures]
    error = parity_error(detector, folder)
    drawn = drawn_defects(ground, job.drawn, job.seed, mask_of(job.object_mask))
    return BundleFindings(
        scores=scores_of(detector, opened(paths), job.ignore),
        with_defects=scores_of(detector, drawn, job.ignore),
        without=scores_of(detector, ground, job.ignore),
        aupr=drawn_masks_aupr(detector, job.pictures, job.ignore),
        ms_per_image=ms,
        parity_error=error,
        parity_bound=BOUNDS[ENGINE],
    )


def drawn_defects(
    ground: Sequence[Pixels], count: int, seed: int, mask: ObjectMask = ObjectMask.AUTOMATIC
) -> Iterator[Pixels]:
    """The same for every bundle: drawn on the pictures as the camera took them, each in turn, as they are asked for."""
    if not ground or not count:
        return
    drawer = DefectDrawer(ground, procedural_textures(seed), DefectRule(mask=mask_rule(mask, list(ground))))
    seeds = np.random.default_rng([seed, 7]).integers(2**31, size=count)
    for number in range(count):
        yield drawer.draw(number % len(ground), int(seeds[number])).image


def scores_of(detector: NetworkDetector, pictures: Iterable[Pixels], ignore: Regions = ()) -> list[float]:
    """A few at a time."""
    return [answer.score for answer in answered(detector, pictures, ignore)]


def answered(detector: NetworkDetector, pictures: Iterable[Pixels], ignore: Regions) -> Iterator[ScoreMap]:
    """What the line would make of these pictures: it leaves out the regions before it judges."""
    looking = IgnoringDetector(detector)
    for batch in batches((Image(pixels) for pixels in pictures), BATCH):
        for answer in looking.score(batch):
            yield looking.rescored(answer, ignore) if ignore else answer


def drawn_masks_aupr(detector: NetworkDetector, asked: Sequence[Picture], ignore: Regions = ()) -> float:
    """Average precision over the pixels of all pictures that have a mask; -1 where none has."""
    with_mask = [picture for picture in asked if picture.mask]
    masks = [shrunk_mask(Path(picture.mask)) for picture in with_mask]
    if not any(mask.any() for mask in masks):
        return -1.0
    pictures = opened(picture.path for picture in with_mask)
    found = (answer.combined for answer in answered(detector, pictures, ignore))
    maps = [cv2.resize(combined, (COMPARED_SIDE, COMPARED_SIDE)) for combined in found]
    return average_precision(ranked(np.stack(masks), np.stack(maps)))


def shrunk_mask(path: Path) -> NDArray[np.bool_]:
    """What a person drew, at the size of comparison."""
    grey = decode(path.read_bytes()).pixels[:, :, 0].astype(np.float32)
    small = cv2.resize(grey, (COMPARED_SIDE, COMPARED_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small > 64, np.bool_)


def ms_per_image(
    detectors: Sequence[Detector], pictures: Sequence[Pixels], clock: Callable[[], float] = time.process_time
) -> list[float]:
    """The least each took for a picture alone, in turns, after one that does not count.

    Time of this process, and the least of it: others run too, and whatever disturbs only adds to one or the other.
    """
    if not pictures:
        return [0.0] * len(detectors)
    images = [Image(pixels) for pixels in pictures]
    took = [[seconds(detector, image, clock) for detector in detectors] for image in (images[0], *images * ROUNDS)]
    return [1000 * min(column) for column in zip(*took[1:], strict=True)]


def seconds(detector: Detector, image: Image, clock: Callable[[], float]) -> float:
    """For one picture."""
    began = clock()
    detector.score([image])
    return clock() - began


def parity_error(detector: NetworkDetector, folder: Path) -> float:
    """How far the maps of the pictures a bundle carries are from those its training saw, as a share of their range."""
    kept = parity_pictures(load_bundle(folder)[1])
    if kept is None:
        return 0.0
    found = answers_of(detector.score([Image(pixels) for pixels in kept.pictures]))
    pairs = zip(kept.answers.maps, found.maps, strict=True)
    return max(float(np.abs(one - other).max()) for one, other in pairs) / range_of(kept.answers)
