"""The parity gate: whether another engine may serve, judged by its answers beside the reference's.

A bundle carries some of its calibration pictures with the reference's answers, so that any machine can ask again.

Shapes: H x W pixels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.verdict import Decision, ScoreMap, Threshold, judge
from model.engines.choice import EngineName
from model.letter import Parity

PREFIX = "parity."
PICTURES = 16
"""Calibration pictures a bundle carries at most: enough to find a wrong graph, few enough for 8 MB."""
BOUNDS = {"float32": 1e-4, "bfloat16": 1e-2}
"""Largest error of the map A that is accepted, as a share of its range. Float32 engines only sum in another order;
bfloat16 keeps 8 bits of each number, and half a hundredth is what such graphs were measured to lose."""

Pixels = NDArray[np.uint8]
Map = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The map A and the score of each of some pictures, in order."""

    maps: tuple[Map, ...]
    scores: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.maps or len(self.maps) != len(self.scores):
            raise ValueError(f"answers need a map and a score each, got {len(self.maps)} and {len(self.scores)}")


@dataclass(frozen=True, slots=True, eq=False)
class ParityPictures:
    """What a bundle carries for the gate: pictures as the detector takes them, and the reference's answers."""

    pictures: tuple[Pixels, ...]
    answers: Answers

    def __post_init__(self) -> None:
        if len(self.pictures) != len(self.answers.maps):
            raise ValueError(f"{len(self.pictures)} pictures with {len(self.answers.maps)} answers")


def answers_of(found: Sequence[ScoreMap]) -> Answers:
    """What the gate looks at."""
    return Answers(tuple(one.combined for one in found), tuple(one.score for one in found))


def compared(reference: Answers, tried: Answers, threshold: Threshold, engine: EngineName) -> Parity:
    """What the gate finds; the bound is that of the engine's numbers."""
    span = range_of(reference)
    bound = BOUNDS[engine.numbers]
    parts = zip(reference.maps, tried.maps, strict=True)
    error = max(map_error(one, other, span) for one, other in parts)
    changed = decisions_changed(reference.scores, tried.scores, threshold, bound * span)
    passed = error <= bound and not changed
    return Parity(str(engine), bound, float(f"{error:.2g}"), changed, len(reference.maps), passed)


def map_error(one: Map, other: Map, span: float) -> float:
    """The largest difference as a share of the range; a map with what is no finite number is off by all of it."""
    error = float(np.abs(one - other).max()) / span
    return error if isfinite(error) else 1.0


def range_of(answers: Answers) -> float:
    """From the lowest to the highest value of all maps; a flat map has the range of its rounding."""
    span = max(float(one.max()) for one in answers.maps) - min(float(one.min()) for one in answers.maps)
    return max(span, float(np.finfo(np.float32).tiny))


def decisions_changed(reference: Sequence[float], tried: Sequence[float], threshold: Threshold, margin: float) -> int:
    """Pictures decided otherwise although the reference's score lies further from both thresholds than the margin."""
    pairs = zip(reference, tried, strict=True)
    return sum(
        decision(one, threshold) is not decision(other, threshold)
        for one, other in pairs
        if distance(one, threshold) > margin
    )


def decision(score: float, threshold: Threshold) -> Decision:
    """As the worker decides: what is no finite number is an error."""
    return judge(score, threshold).decision if isfinite(score) else Decision.ERROR


def distance(score: float, threshold: Threshold) -> float:
    """To the nearer of the two thresholds."""
    return min(abs(score - threshold.review_from), abs(score - threshold.reject_from))


def reasons_to_refuse(parity: Parity) -> tuple[str, ...]:
    """Why this engine may not serve; none where it may."""
    found = []
    if not parity.error <= parity.bound:
        found.append(
            f"{parity.engine}: the map is off by {parity.error:.2g} of its range, {parity.bound:.2g} is accepted"
        )
    if parity.decisions_changed:
        found.append(f"{parity.engine}: {parity.decisions_changed} of {parity.images} parts would be decided otherwise")
    return tuple(found)


def chosen_pictures(pictures: Sequence[Pixels]) -> list[int]:
    """Which calibration pictures a bundle carries: spread evenly over all of them."""
    count = min(PICTURES, len(pictures))
    return [int(i) for i in np.linspace(0, len(pictures) - 1, count)]


def as_tensors(kept: ParityPictures) -> dict[str, Tensor]:
    """How a bundle holds them."""
    found = {f"{PREFIX}scores": torch.tensor(kept.answers.scores, dtype=torch.float64)}
    for i, (picture, values) in enumerate(zip(kept.pictures, kept.answers.maps, strict=True)):
        found[f"{PREFIX}picture.{i:02}"] = torch.from_numpy(picture)
        found[f"{PREFIX}map.{i:02}"] = torch.from_numpy(values)
    return found


def parity_pictures(tensors: Mapping[str, Tensor]) -> ParityPictures | None:
    """What `as_tensors` gave; None in a bundle from before there was a gate."""
    if f"{PREFIX}scores" not in tensors:
        return None
    scores = tuple(map(float, tensors[f"{PREFIX}scores"]))
    numbers = [f"{i:02}" for i in range(len(scores))]
    pictures = tuple(tensors[f"{PREFIX}picture.{number}"].numpy() for number in numbers)
    return ParityPictures(
        pictures, Answers(tuple(tensors[f"{PREFIX}map.{number}"].numpy() for number in numbers), scores)
    )


def without_parity(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The network's own tensors."""
    return {name: values for name, values in tensors.items() if not name.startswith(PREFIX)}
