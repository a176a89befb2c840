"""What the live board is shown of a batch: the newest frame of each camera."""

from collections.abc import Mapping, Sequence
from math import nan

from core.inspection import Inspection, Refusal, Result, Tile
from worker.heatmap import thumbnail
from worker.opening import Opened, Picture, Unfit, Untrusted


class Thumbnails:
    """Makes a camera's thumbnail when its last delivery of the batch is seen: one per camera, while pixels are held."""

    def __init__(self, last_places: frozenset[int]) -> None:
        self._last_places = last_places
        self._place = 0
        self.by_place: dict[int, bytes] = {}

    def see(self, opened: Opened, result: Result) -> None:
        """Called once per delivery, in order."""
        if self._place in self._last_places and not (isinstance(result, Refusal) or isinstance(opened, Untrusted)):
            self.by_place[self._place] = thumbnail(opened.image) if isinstance(opened, Picture | Unfit) else b""
        self._place += 1


def tiles_of(results: Sequence[Result], thumbnails: Mapping[int, bytes]) -> list[Tile]:
    """The tiles of a batch's results as they were recorded."""
    return [to_tile(results[place], small) for place, small in sorted(thumbnails.items())]


def last_places(keys: list[bytes]) -> frozenset[int]:
    """The place of each key's last record."""
    return frozenset({key: place for place, key in enumerate(keys)}.values())


def to_tile(result: Result, small: bytes) -> Tile:
    """What the board shows of a result.

    Raises:
        ValueError: A refusal has no camera to be shown under.
    """
    if isinstance(result, Refusal):
        raise ValueError("a refusal has no camera")
    frame = result.frame
    place = (frame.id.camera, frame.product, frame.part_id, frame.captured_at, result.decision)
    if isinstance(result, Inspection):
        threshold, stored = result.judge.threshold, result.map
        limits = (threshold.review_from, threshold.reject_from)
        return Tile(*place, "", result.verdict.score, *limits, stored.low, stored.high, small, stored.png)
    return Tile(*place, result.reason, nan, nan, nan, nan, nan, small, b"")
