"""Whether a camera's scores have left those of the calibration parts, since when, and from which lot on: pure.

A cumulative sum per camera and direction: each part beyond the calibration's upper (or lower) quartile adds, each other
one takes away, and what is left never falls below nothing. Where it climbs past LIMIT the scores have drifted, and they
did so at the part at which it last left zero.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from core.retraining import SeenScore

QUARTER = 0.25
SLACK = 0.2
"""A quartile taken from two dozen calibration parts is off by a tenth or so: that is no drift."""
LIMIT = 15.0
"""Reached by a camera all of whose parts lie beyond the quartile after 28 of them, by chance alone never in a year."""
FEWEST_REFERENCES = 8


@dataclass(frozen=True, slots=True)
class Drift:
    """A camera whose scores lie higher, or lower, than those of the calibration parts, from this part on."""

    camera: str
    direction: str
    since: SeenScore
    parts: int
    beyond: int

    def sentence(self) -> str:
        """For a run's reasons and an alarm."""
        share = f"{self.beyond} of {self.parts} scores since lie in a quarter of the calibration's"
        when = f"{self.since.captured_at:%Y-%m-%d %H:%M} UTC"
        lot = f", lot {self.since.lot}" if self.since.lot else ""
        return f"{self.camera} scores {self.direction} since {when}{lot}: {share}"


def drifted(scores: Iterable[SeenScore], reference: Sequence[float]) -> list[Drift]:
    """The cameras that have drifted and still do; none where the calibration parts are too few to say.

    Args:
        scores: What the active model gave since it judges, oldest first.
        reference: Its scores of the calibration parts.
    """
    if len(reference) < FEWEST_REFERENCES:
        return []
    low, high = (float(value) for value in np.quantile(reference, [QUARTER, 1 - QUARTER]))
    by_camera: dict[str, list[SeenScore]] = {}
    for one in scores:
        by_camera.setdefault(one.camera, []).append(one)
    sides: list[tuple[str, Callable[[float], bool]]] = [
        ("higher", lambda score: score > high),
        ("lower", lambda score: score < low),
    ]
    found = (_of_camera(of_one, said, is_beyond) for of_one in by_camera.values() for said, is_beyond in sides)
    return [drift for drift in found if drift is not None]


def _of_camera(scores: Sequence[SeenScore], said: str, is_beyond: Callable[[float], bool]) -> Drift | None:
    climbed, began = 0.0, 0
    for number, one in enumerate(scores):
        if climbed == 0.0:
            began = number
        climbed = max(0.0, climbed + is_beyond(one.score) - QUARTER - SLACK)
    since = scores[began:]
    if climbed < LIMIT:
        return None
    return Drift(scores[0].camera, said, since[0], len(since), sum(is_beyond(one.score) for one in since))
