"""A folder of images through a detector: maps beside their names, and a table of scores."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.ports import Detector
from core.verdict import Decision, ScoreMap, Threshold, judge
from model.images import read_image

TABLE_NAME = "scores.csv"


@dataclass(frozen=True, slots=True)
class ScoredFile:
    """One image's path relative to its folder, its score and the decision it leads to."""

    path: str
    score: float
    decision: Decision


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
