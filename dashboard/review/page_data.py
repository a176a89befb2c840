"""From a waiting part to what the browser gets of it: pure, every word decided here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.inspection import StoredMap
from core.review import AcceptedPart, Review
from core.verdict import Decision
from dashboard.gallery_parts import Picture, part_data
from dashboard.part_picture import part_picture
from dashboard.read_models import Part
from dashboard.review.bookings import said_words
from dashboard.words import moment_words


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is known of a part when it is put before a person; `like` is the accepted part most like it."""

    part: Part
    frame: Picture
    map: StoredMap | None
    reviews: Sequence[Review]
    like: tuple[AcceptedPart, Picture] | None
    kinds: Sequence[str]


def review_part(shown: Shown, now: datetime, zone: str) -> dict[str, Any]:
    """One part as the Review page draws it."""
    part = shown.part
    told = part_data(part, shown.frame, shown.map, now, zone)
    return told | {
        "id": str(part.key),
        "revision": shown.reviews[0].id if shown.reviews else 0,
        "why": told["why"] if part.decision is not Decision.OK else f"{told['why']} Drawn as a sample, or asked for.",
        "said": [said_line(review, now, zone) for review in shown.reviews],
        "like": _like(shown.like, now, zone),
        "kinds": list(shown.kinds),
        "pictured": bool(shown.frame[0]),
    }


def said_line(review: Review, now: datetime, zone: str) -> str:
    """`ada, 4 min ago: defect, scratch`."""
    note = f" ({review.opinion.note})" if review.opinion.note else ""
    return f"{review.who}, {moment_words(review.at, now, zone)}: {said_words(review)}{note}"


def _like(like: tuple[AcceptedPart, Picture] | None, now: datetime, zone: str) -> dict[str, Any] | None:
    if like is None:
        return None
    accepted, frame = like
    identity = accepted.part.frame_id
    words = f"{identity.camera}, {moment_words(accepted.part.captured_at, now, zone)}"
    key = f"like {accepted.part.captured_at.isoformat()}/{identity}"
    return {"words": words, "picture": part_picture(key, "nearest accepted part", frame[0], frame[1], None, None)}
