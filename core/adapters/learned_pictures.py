"""Which pictures later trainings go back to: those that the models learned from which judge, or may come to judge."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, case, func, literal_column, or_, select, true, union, union_all

from core.adapters.schema import promotion
from core.adapters.schema_retraining import data_snapshot, request, training_run
from core.request import GOOD_PICTURES
from core.retraining import RunState

FIRST_MODELS = "learned"
"""The folder of what first models learned from; nothing in it ages."""
OPEN = (RunState.RUNNING, RunState.SHADOWING, RunState.AWAITING)
"""Runs whose candidate may become the model that judges."""

_PART = func.jsonb_array_elements(data_snapshot.c.parts).table_valued("value", name="part")
_LISTED = data_snapshot.join(_PART, true())
_URI = func.jsonb_extract_path_text(_PART.c.value, "frame_uri", type_=Text)


def replayable() -> Select[tuple[str]]:
    """The URIs of their pictures; what retention asks, and small: a few snapshots, whatever their number is.

    What a person accepted stays anyway, named by the review, and so does what a first model learned from. Parts that
    came by themselves are named by their inspection alone, and would go with it: the next night would replay fewer.
    """
    return _uris_of(or_(training_run.c.candidate_id.in_(_active()), training_run.c.state.in_(OPEN)))


def backed_up() -> Select[tuple[str]]:
    """Those, what first models learned from, and what they are asked for with: no other row names these."""
    image = func.jsonb_array_elements_text(_images()).table_valued("value", name="image")
    asked = select(image.c.value.label("uri")).select_from(request).join(image, true())
    first = union_all(
        _within(FIRST_MODELS, select(_URI.label("uri")).select_from(_LISTED)), _within(GOOD_PICTURES, asked)
    )
    return select(union(first, replayable()).subquery().c.uri)


def _within(folder: str, uris: Select[Any]) -> Select[Any]:
    found = uris.subquery()
    return select(found.c.uri).where(found.c.uri.contains(f"/{folder}/", autoescape=True))


def _images() -> ColumnElement[Any]:
    """None where a request names none, and where a stranger wrote something else there."""
    images = request.c.details["images"]
    return case((func.jsonb_typeof(images) == "array", images), else_=literal_column("'[]'::jsonb"))


def _active() -> Select[tuple[int]]:
    newest = select(func.max(promotion.c.id)).group_by(promotion.c.product)
    return select(promotion.c.model_version_id).where(promotion.c.id.in_(newest))


def _uris_of(runs: ColumnElement[bool]) -> Select[Any]:
    snapshots = select(training_run.c.snapshot_id).where(runs, training_run.c.snapshot_id.is_not(None))
    return select(_URI.label("uri")).select_from(_LISTED).where(data_snapshot.c.id.in_(snapshots))
