"""From parts to the gallery and to a part's full story: pure, every word and drawing decided here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from core.inspection import StoredMap
from core.optics import MEASURED, OpticsCheck
from core.verdict import Threshold
from dashboard.charts import decision_class, decision_mark, score_gauge
from dashboard.part_picture import part_picture
from dashboard.read_models import Judgement, LateStory, Part, PartKey
from dashboard.words import clock_words, latency_words, moment_words, score_words, share_of_limit

Picture = tuple[str, str]
"""A data URL and an empty reason, or no URL and why there is none."""


def gallery_data(
    parts: Sequence[Part],
    maps: Mapping[PartKey, StoredMap],
    thumbnails: Callable[[Iterable[str]], Mapping[str, Picture]],
    now: datetime,
    zone: str,
) -> dict[str, Any]:
    """The small tiles, in the order given."""
    pictures = thumbnails(part.frame_uri for part in parts)
    items = [
        _item(part, now, zone) | {"picture": _small_picture(part, pictures[part.frame_uri], maps.get(part.key))}
        for part in parts
    ]
    return {"parts": items}


def part_data(
    part: Part, frame: Picture, stored: StoredMap | None, now: datetime, zone: str, whole: str = ""
) -> dict[str, Any]:
    """A part's picture and its story; `whole` is what several cameras together say of it, where they do."""
    outcome = part.outcome
    judged = outcome if isinstance(outcome, Judgement) else None
    label = f"part {part.part_id or part.key.sequence} from {part.key.camera}, {part.decision.value}"
    return {
        "kind": decision_class(part.decision),
        "word": part.decision.value,
        "mark": decision_mark(part.decision),
        "score": score_words(judged.score, judged.threshold) if judged else "not judged",
        "gauge": score_gauge(judged.score, judged.threshold) if judged else "",
        "why": why_words(part),
        "facts": [[name, words] for name, words in [("all views", whole), *facts_of(part, now, zone)] if words],
        "picture": part_picture(str(part.key), label, frame[0], absent_words(frame[1]), stored, limits_of(part)),
    }


def why_words(part: Part) -> str:
    """Why the part is here, in a sentence."""
    outcome = part.outcome
    if not isinstance(outcome, Judgement):
        return f"Could not be judged, so it is rejected: {outcome.reason}."
    if outcome.score >= outcome.threshold.reject_from:
        return "At or above the reject limit."
    if outcome.score >= outcome.threshold.review_from:
        return "Between the two limits: a person decides."
    return "Below both limits."


def optics_lines(check: OpticsCheck | None) -> list[str]:
    """What a camera's pictures are held to before the model sees them; none where they are not checked."""
    if check is None:
        return []
    limits = [f"{name} {words}" for name in MEASURED if (words := str(getattr(check, name)))]
    return [*limits, f"learned from {check.frames} good frames"]


def limits_of(part: Part) -> Threshold | None:
    """The limits that scale its map; None where no detector has seen it."""
    return part.outcome.threshold if isinstance(part.outcome, Judgement | LateStory) else None


def absent_words(reason: str) -> str:
    """Why there is no frame to see, in a sentence; empty where there is one."""
    sentences = {
        "": "",
        "not kept": "The frame was not kept; the map alone is shown where there is one.",
        "gone": "The frame was kept, but the artifact store has it no longer.",
        "no picture": "What the camera sent is not a picture that can be shown.",
        "store away": "The artifact store does not answer; all else on this page is current. Check ARTIFACT_URL.",
    }
    return sentences[reason]


def facts_of(part: Part, now: datetime, zone: str) -> list[tuple[str, str]]:
    """Name and words of everything known, in the order in which it is read; what is empty is left out later."""
    own = [
        ("part", part.part_id),
        ("lot", part.lot),
        ("product", part.product),
        ("camera", part.key.camera.removeprefix("?")),
        ("frame", f"{part.key.start_id} / {part.key.sequence}"),
        ("captured", clock_words(part.key.captured_at, zone)),
        ("age", moment_words(part.key.captured_at, now, zone)),
        ("verdict after", latency_words(part.judged_at - part.arrived_at)),
    ]
    return _judgement_facts(part) + own


def _judgement_facts(part: Part) -> list[tuple[str, str]]:
    outcome = part.outcome
    if not isinstance(outcome, Judgement):
        return [("reason", outcome.reason), ("detail", outcome.detail)]
    return [
        ("raw score", f"{outcome.score:.4g}"),
        ("reject from", f"{outcome.threshold.reject_from:.4g}"),
        ("review from", f"{outcome.threshold.review_from:.4g}"),
        ("model", f"version {outcome.model_version_id}"),
        ("engine", outcome.engine),
    ]


def _small_picture(part: Part, thumbnail: Picture, stored: StoredMap | None) -> dict[str, Any]:
    return part_picture(str(part.key), part.decision.value, thumbnail[0], thumbnail[1], stored, limits_of(part))


def _item(part: Part, now: datetime, zone: str) -> dict[str, Any]:
    age = moment_words(part.key.captured_at, now, zone)
    return {
        "id": str(part.key),
        "kind": decision_class(part.decision),
        "mark": decision_mark(part.decision),
        "score": _short_score(part),
        "age": age.removesuffix(" ago") if age.endswith(" ago") else age[5:16],
        "hint": f"{part.decision.value}, {part.key.camera}, {part.product} {part.part_id}, {age}",
    }


def _short_score(part: Part) -> str:
    outcome = part.outcome
    if not isinstance(outcome, Judgement):
        return ""
    share = share_of_limit(outcome.score, outcome.threshold)
    return f"{outcome.score:.3g}" if share is None else f"{share:.2f}"
