"""A folder of images through a detector: maps beside their names, and a table of scores."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import LineError
from core.ports import Detector
from core.verdict import Decision, ScoreMap, Threshold, judge
from model.images import image_paths, read_image

TABLE_NAME = "scores.csv"


class NothingToScore(LineError):
    """There is no image: name a folder that holds PNG, JPEG, BMP, TIFF or WebP files."""


class MapsClash(LineError):
    """Two images would share one map: give them names that differ in more than their ending."""


@dataclass(frozen=True, slots=True)
class ScoredFile:
    """One image's path relative to its folder, its score and the decision it leads to."""

    path: str
    score: float
    decision: Decision


def paths_to_score(images: Path) -> list[Path]:
    """All images below the folder, each with a map of its own name.

    Raises:
        NothingToScore: There are none.
        MapsClash: Two differ in their endings alone.
    """
    paths = image_paths(images)
    if not paths:
        raise NothingToScore(str(images))
    shared = [path for path, count in Counter(path.with_suffix("") for path in paths).items() if count > 1]
    if shared:
        raise MapsClash(f"{shared[0].relative_to(images).as_posix()}.*")
    return paths


def score_files(
    detector: Detector, threshold: Threshold, paths: Sequence[Path], images: Path, maps: Path, batch: int
) -> Iterator[ScoredFile]:
    """Write one float32 map per image at the same relative path; yields each image's score.

    Raises:
        ImageRefused: A file cannot be decoded.
    """
    for start in range(0, len(paths), batch):
        chosen = paths[start : start + batch]
        for path, score_map in zip(chosen, detector.score([read_image(path) for path in chosen]), strict=True):
            relative = path.relative_to(images)
            write_map(maps / relative.with_suffix(".npy"), score_map)
            yield ScoredFile(relative.as_posix(), score_map.score, judge(score_map.score, threshold).decision)


def write_map(path: Path, score_map: ScoreMap) -> None:
    """The map A as a .npy file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, score_map.combined.astype(np.float32))


def write_table(path: Path, scored: Sequence[ScoredFile]) -> None:
    """All scores as CSV: path, score, decision."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "score", "decision"))
        writer.writerows((line.path, f"{line.score:.9g}", line.decision) for line in scored)
