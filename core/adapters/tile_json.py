"""A tile of the live board as one JSON object: readable by eye, and nothing in it can run."""

import base64
import json
from datetime import datetime
from typing import Any

from core.inspection import Tile
from core.verdict import Decision


def to_json(tile: Tile) -> bytes:
    """The tile; scores that are not a number stay that, for Python's JSON knows NaN."""
    return json.dumps(
        {
            "camera": tile.camera,
            "product": tile.product,
            "part_id": tile.part_id,
            "captured_at": tile.captured_at.isoformat(),
            "decision": tile.decision,
            "reason": tile.reason,
            "score": tile.score,
            "review_from": tile.review_from,
            "reject_from": tile.reject_from,
            "map_low": tile.map_low,
            "map_high": tile.map_high,
            "thumbnail": base64.b64encode(tile.thumbnail).decode(),
            "map_png": base64.b64encode(tile.map_png).decode(),
        }
    ).encode()


def from_json(packed: bytes) -> Tile:
    """What `to_json` was given.

    Raises:
        ValueError: Not written by this version.
    """
    try:
        fields: dict[str, Any] = json.loads(packed)
        fields["captured_at"] = datetime.fromisoformat(fields["captured_at"])
        fields["decision"] = Decision(fields["decision"])
        fields["thumbnail"] = base64.b64decode(fields["thumbnail"])
        fields["map_png"] = base64.b64decode(fields["map_png"])
        return Tile(**fields)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a tile of this version: {error}") from error
