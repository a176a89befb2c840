"""The one picture of a part, as the components take it: the frame, the map over it, and the model's fixed scale."""

from dataclasses import asdict
from typing import Any

from core.inspection import StoredMap
from core.verdict import Threshold
from dashboard.map_scale import map_scale
from dashboard.pictures import data_url


def part_picture(
    key: str, label: str, frame_url: str, absent: str, stored: StoredMap | None, threshold: Threshold | None
) -> dict[str, Any]:
    """What `showPicture` in the browser needs; `absent` says why there is no frame, where there is none.

    A picture with the same `key` is not drawn again.
    """
    drawn: dict[str, Any] = {"key": key, "label": label, "frame": frame_url, "absent": absent, "map": "", "scale": None}
    if stored is None or threshold is None or not stored.png:
        return drawn
    scale = asdict(map_scale(threshold)) | {"low": stored.low, "high": stored.high}
    return drawn | {"map": data_url(stored.png, "image/png"), "scale": scale}
