"""What a worker measures of the frames it recorded: by camera, product and decision, and how long they took."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.health import Distribution, Labels
from core.inspection import Refusal, Result

NOBODY = "?"
"""Stands for the camera of a record that is not trusted, and for cameras and products beyond the limit."""

CAMERA_LIMIT = 256
"""Cameras, and pairs of camera and product, with series of their own: names come from the bus, and whoever may write
there could invent them."""


@dataclass
class Meters:
    """Owned by the worker's thread; others read copies."""

    decisions: dict[Labels, float] = field(default_factory=dict)
    errors: dict[Labels, float] = field(default_factory=dict)
    since_capture: dict[Labels, Distribution] = field(default_factory=dict)
    since_arrival: dict[Labels, Distribution] = field(default_factory=dict)
    newest: dict[Labels, datetime] = field(default_factory=dict)
    _cameras: set[str] = field(default_factory=set)
    _pairs: set[tuple[str, str]] = field(default_factory=set)

    def note(self, results: Iterable[Result]) -> None:
        """These were recorded."""
        for result in results:
            self._note_one(result)

    def _note_one(self, result: Result) -> None:
        camera = self._camera_of(result)
        _count(self.decisions, (camera, self._product_of(result, camera), str(result.decision)))
        if reason := getattr(result, "reason", ""):
            _count(self.errors, (camera, str(reason)))
        _spread(self.since_arrival, (camera,), result.judged_at - result.arrival.arrived_at)
        if not isinstance(result, Refusal):
            _spread(self.since_capture, (camera,), result.judged_at - result.frame.captured_at)
            self.newest[camera,] = max(result.frame.captured_at, self.newest.get((camera,), result.frame.captured_at))

    def _camera_of(self, result: Result) -> str:
        if isinstance(result, Refusal):
            return NOBODY
        camera = result.frame.id.camera
        if camera not in self._cameras and len(self._cameras) >= CAMERA_LIMIT:
            return NOBODY
        self._cameras.add(camera)
        return camera

    def _product_of(self, result: Result, camera: str) -> str:
        if isinstance(result, Refusal) or camera == NOBODY:
            return NOBODY
        pair = (camera, result.frame.product)
        if pair not in self._pairs and len(self._pairs) >= CAMERA_LIMIT:
            return NOBODY
        self._pairs.add(pair)
        return result.frame.product


def _count(counts: dict[Labels, float], labels: Labels) -> None:
    counts[labels] = counts.get(labels, 0) + 1


def _spread(spreads: dict[Labels, Distribution], labels: Labels, duration: timedelta) -> None:
    spreads[labels] = spreads.get(labels, Distribution()).with_value(max(0.0, duration.total_seconds()))
