"""From drawn defects to what the browser gets of them: pure."""

from collections.abc import Callable, Sequence
from typing import Any

from core.inspection import StoredMap
from core.preview import DrawnDefect
from core.request import Request, RequestKind
from core.verdict import Threshold
from dashboard.gallery_parts import Picture, absent_words
from dashboard.part_picture import part_picture

SCALE = Threshold(0.25, 0.5)
"""The map's colour is full where the label is 1, and its contour lies where it is a half."""
WHY = "Drawn by training's own rule. The map is what the classifier is taught there."

Seen = Callable[[DrawnDefect], tuple[Picture, StoredMap | None]]


def newest_preview(requests: Sequence[Request]) -> Request | None:
    """The newest that asked for drawn defects, whatever came of it."""
    return next((each for each in requests if each.kind is RequestKind.PREVIEW_DEFECTS), None)


def preview_tiles(drawn: Sequence[DrawnDefect], small: Seen) -> dict[str, Any]:
    """The defects as small tiles, without words."""
    return {"parts": [_tile(number, each, *small(each)) for number, each in enumerate(drawn, 1)]}


def preview_large(number: int, drawn: DrawnDefect, large: Seen) -> dict[str, Any]:
    """One of them, large."""
    frame, label = large(drawn)
    words = f"drawn defect {number}"
    picture = part_picture(drawn.picture_uri, words, frame[0], absent_words(frame[1]), label, SCALE)
    told = {"kind": "review", "word": words, "mark": "", "score": "", "gauge": "", "why": WHY, "facts": []}
    return told | {"picture": picture}


def _tile(number: int, drawn: DrawnDefect, frame: Picture, label: StoredMap | None) -> dict[str, Any]:
    words = f"drawn defect {number}"
    picture = part_picture(drawn.picture_uri, words, frame[0], frame[1], label, SCALE)
    return {"id": drawn.picture_uri, "kind": "review", "lines": [], "age": "", "hint": words, "picture": picture}
