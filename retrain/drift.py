"""Whether a camera's parts have left what calibration saw, by score or by look, since when and from which lot: pure.

A cumulative sum per camera and direction: each part beyond the calibration's upper (or lower) quartile adds, each other
one takes away, and what is left never falls below nothing. Where it climbs past LIMIT the scores have drifted, and they
did so at the part at which it last left zero. Looks come as counts by hour and lot: an hour's parts are added at once.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.drift import DriftFound, DriftKind, LookCount
from core.retraining import SeenScore

QUARTER = 0.25
SLACK = 0.2
"""A quartile taken from two dozen calibration parts is off by a tenth or so: that is no drift."""
LIMIT = 15.0
"""Reached by a camera all of whose parts lie beyond the quartile after 28 of them, by chance alone never in a year."""
FEWEST_REFERENCES = 8
FIRST_PARTS = 50
"""Of the parts looked at: a drift that begins among these may have begun before them."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A camera whose scores lie higher, or lower, than those of the calibration parts, from this part on.

    `place` is that part's among the camera's parts that were looked at; `is_longer`: it began before them.
    """

    camera: str
    direction: str
    since: SeenScore
    parts: int
    beyond: int
    place: int = 0
    is_longer: bool = False

    def sentence(self) -> str:
        """For a run's reasons and an alarm."""
        counted = f"the newest {self.parts} scores" if self.is_longer else f"{self.parts} scores since"
        share = f"{self.beyond} of {counted} lie in a quarter of the calibration's"
        when = f"{self.since.captured_at:%Y-%m-%d %H:%M} UTC"
        lot = f", lot {self.since.lot}" if self.since.lot else ""
        return f"{self.camera} scores {self.direction} since {when}{lot}: {share}"

    def after(self, known: DriftFound | None) -> "Drift":
        """The same since the beginning that an alarm knows of: only the newest parts are looked at."""
        begun = f"{self.camera} scores {self.direction} since"
        is_same = known is not None and known.kind is DriftKind.SCORES and known.sentence.startswith(begun)
        if known is None or not is_same or self.place >= FIRST_PARTS or known.since >= self.since.captured_at:
            return self
        return replace(self, since=replace(self.since, captured_at=known.since, lot=known.lot), is_longer=True)

    def as_found(self) -> DriftFound:
        """For the ledger."""
        return DriftFound(self.camera, DriftKind.SCORES, self.since.captured_at, self.since.lot, self.sentence())


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
    return Drift(scores[0].camera, said, since[0], len(since), sum(is_beyond(one.score) for one in since), began)


@dataclass(frozen=True, slots=True)
class LookDrift:
    """A camera whose parts look different from the calibration parts, from this hour and lot on."""

    camera: str
    since: LookCount
    parts: int
    beyond: int

    def sentence(self) -> str:
        """For a run's reasons and an alarm."""
        share = f"{self.beyond} of {self.parts} looked at since lie beyond three quarters of the calibration's"
        lot = f", lot {self.since.lot}" if self.since.lot else ""
        return f"{self.camera}'s parts look different since {self.since.begins_at:%Y-%m-%d %H:%M} UTC{lot}: {share}"

    def as_found(self) -> DriftFound:
        """For the ledger."""
        return DriftFound(self.camera, DriftKind.LOOKS, self.since.begins_at, self.since.lot, self.sentence())


def looks_drifted(counts: Iterable[LookCount]) -> list[LookDrift]:
    """The cameras whose parts have come to look different and still do; counts of one model, in any order."""
    by_camera: dict[str, list[LookCount]] = {}
    for one in sorted(counts):
        by_camera.setdefault(one.camera, []).append(one)
    found = (_look_of_camera(camera, of_one) for camera, of_one in by_camera.items())
    return [drift for drift in found if drift is not None]


def _look_of_camera(camera: str, counts: Sequence[LookCount]) -> LookDrift | None:
    climbed, began = 0.0, 0
    for number, one in enumerate(counts):
        if climbed == 0.0:
            began = number
        climbed = max(0.0, climbed + one.beyond - (QUARTER + SLACK) * one.parts)
    if climbed < LIMIT:
        return None
    since = counts[began:]
    return LookDrift(camera, since[0], sum(one.parts for one in since), sum(one.beyond for one in since))
