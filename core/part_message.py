"""What the plant is told of a part that several cameras saw: one JSON object, once, when it is decided."""

import json

from core.part import DecidedPart


def part_key(part: DecidedPart) -> str:
    """What keeps a product's parts in order; no camera's name holds a space."""
    return f"part {part.seen.product}"


def to_part_message(part: DecidedPart) -> str:
    """One line of JSON; product, part_id and first_seen_at let a reader drop repeats. No other message has views."""
    seen = part.seen
    told: dict[str, object] = {
        "product": seen.product,
        "part_id": seen.part_id,
        "lot": seen.lot,
        "first_seen_at": seen.first_seen_at.isoformat(),
        "decision": part.decision,
        "decided_at": part.decided_at.isoformat(),
        "views": {view.camera: view.decision for view in seen.views},
        "missing": seen.missing,
    }
    explained = {"reason": part.reason, "detail": part.detail}
    return json.dumps(told | {name: words for name, words in explained.items() if words})
