"""From a snapshot of the line to the tiles of the wall: pure, every word and drawing decided here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from core.inspection import StoredMap, Tile
from core.part_assembly import PartName
from core.verdict import Decision, Threshold
from dashboard.charts import decision_class, decision_mark, history_strip, score_gauge
from dashboard.live_snapshot import LiveSnapshot
from dashboard.map_scale import map_scale
from dashboard.part_picture import part_picture
from dashboard.pictures import data_url
from dashboard.read_models import CameraCounts, CameraRow, Judgement, Part
from dashboard.words import count_words, score_words, span_words

NO_COUNTS = CameraCounts(0, 0, 0)
NO_WHOLES: Mapping[PartName, str] = {}


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest part of a camera, wherever it was learnt from."""

    product: str
    part_id: str
    captured_at: datetime
    decision: Decision
    reason: str
    judged: tuple[float, Threshold] | None


def wall_data(snapshot: LiveSnapshot, now: datetime, stale_after_s: float, big: bool) -> dict[str, Any]:
    """All tiles by camera name; `big` is for the wall screen."""
    rows = {row.camera: row for row in snapshot.ledger.cameras}
    tiles = [
        tile_data(camera, snapshot.tiles.get(camera), rows.get(camera), now, stale_after_s, snapshot.ledger.wholes)
        for camera in snapshot.cameras
    ]
    return {"tiles": tiles, "big": big}


def tile_data(
    camera: str,
    tile: Tile | None,
    row: CameraRow | None,
    now: datetime,
    stale_after_s: float,
    wholes: Mapping[PartName, str] = NO_WHOLES,
) -> dict[str, Any]:
    """One tile: what the board shows, with the ledger's counts and history; either may be missing.

    Beside the product stands what became of the whole part, where other cameras see it as well.
    """
    newest, counts = newest_of(tile, row), row.counts if row else NO_COUNTS
    whole = wholes.get((newest.product, newest.part_id), "") if newest else ""
    product = newest.product if newest else row.product if row else ""
    told = {
        "camera": camera,
        "product": f"{product} \u00b7 {whole}" if whole else product,
        "history": history_strip([part.decision for part in reversed(row.recent)] if row else []),
        "counts": counts_words(counts),
        "few": few_words(counts),
        "picture": _picture(camera, tile),
    }
    if newest is None:
        return told | _unseen()
    age = (now - newest.captured_at).total_seconds()
    stale = f"no frame for {span_words(age)}" if age > stale_after_s else ""
    return told | _verdict(newest) | {"age": f"{span_words(age)} ago", "stale": stale}


def newest_of(tile: Tile | None, row: CameraRow | None) -> Newest | None:
    """The newest of what board and ledger know: the board may be away, or may have been emptied."""
    known = [_from_tile(tile)] if tile else []
    known += [_from_part(row.recent[0])] if row and row.recent else []
    return max(known, key=lambda newest: newest.captured_at, default=None)


def counts_words(counts: CameraCounts) -> str:
    """`captured 1 204 · judged 1 203 · waiting 1 · dropped 0`."""
    numbers = {
        "captured": counts.captured,
        "judged": counts.judged,
        "waiting": counts.waiting,
        "dropped": counts.dropped,
    }
    return " \u00b7 ".join(f"{name} {count_words(number)}" for name, number in numbers.items())


def few_words(counts: CameraCounts) -> str:
    """The two that matter, as short as a narrow tile: `waiting 1`, and ` · dropped 2` where any were."""
    dropped = f" \u00b7 dropped {count_words(counts.dropped)}" if counts.dropped else ""
    return f"waiting {count_words(counts.waiting)}{dropped}"


def _verdict(newest: Newest) -> dict[str, Any]:
    score, gauge = "", ""
    if newest.judged:
        score, gauge = score_words(*newest.judged), score_gauge(*newest.judged)
    return {
        "kind": decision_class(newest.decision),
        "word": newest.decision.value,
        "mark": decision_mark(newest.decision),
        "reason": newest.reason,
        "score": score,
        "gauge": gauge,
        "hint": f"part {newest.part_id}" if newest.part_id else "",
    }


def _unseen() -> dict[str, Any]:
    empty = dict.fromkeys(("word", "mark", "reason", "score", "gauge", "hint", "age"), "")
    return empty | {"kind": "none", "stale": "waiting for its first verdict"}


def _from_tile(tile: Tile) -> Newest:
    judged = None
    if isfinite(tile.score) and isfinite(tile.review_from) and isfinite(tile.reject_from):
        judged = (tile.score, Threshold(tile.review_from, tile.reject_from))
    return Newest(tile.product, tile.part_id, tile.captured_at, tile.decision, tile.reason, judged)


def _from_part(part: Part) -> Newest:
    outcome = part.outcome
    if isinstance(outcome, Judgement):
        judged, reason = (outcome.score, outcome.threshold), ""
    else:
        judged, reason = None, outcome.reason
    return Newest(part.product, part.part_id, part.key.captured_at, part.decision, reason, judged)


def _picture(camera: str, tile: Tile | None) -> dict[str, Any]:
    if tile is None:
        return part_picture(f"{camera}/none", camera, "", "no picture yet", None, None)
    newest = _from_tile(tile)
    stored = StoredMap(tile.map_png, tile.map_low, tile.map_high) if _has_something_to_show(tile, newest) else None
    key = f"{camera}/{tile.captured_at.isoformat()}"
    label = f"{camera}: newest part, {tile.decision.value}"
    frame = data_url(tile.thumbnail, "image/jpeg")
    threshold = newest.judged[1] if newest.judged else None
    return part_picture(key, label, frame, "" if frame else "no picture came", stored, threshold)


def _has_something_to_show(tile: Tile, newest: Newest) -> bool:
    """A map that stays clear all over need not be sent nor painted: that of most good parts, every second."""
    judged = newest.judged
    return judged is not None and bool(tile.map_png) and tile.map_high > map_scale(judged[1]).clear_to
