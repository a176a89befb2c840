"""Which pictures later trainings go back to: those that the models learned from which judge, or may come to judge."""

from sqlalchemy import ColumnElement, Select, Text, func, or_, select, true

from core.adapters.schema import promotion
from core.adapters.schema_retraining import data_snapshot, training_run
from core.retraining import RunState

FIRST_MODELS = "learned"
"""The folder of what first models learned from; nothing in it ages."""
OPEN = (RunState.RUNNING, RunState.SHADOWING, RunState.AWAITING)
"""Runs whose candidate may become the model that judges."""


def replayable() -> Select[str]:
    """The URIs of their pictures; what retention asks, and small: a few snapshots, whatever their number is.

    What a person accepted stays anyway, named by the review, and so does what a first model learned from. Parts that
    came by themselves are named by their inspection alone, and would go with it: the next night would replay fewer.
    """
    return _uris_of(or_(training_run.c.candidate_id.in_(_active()), training_run.c.state.in_(OPEN)))


def backed_up() -> Select[str]:
    """Those, and what first models learned from: no other row names it, and nights go back to it for ever."""
    every = _uris_of(true()).subquery()
    first = every.c.uri.contains(f"/{FIRST_MODELS}/", autoescape=True)
    return select(every.c.uri).where(or_(first, every.c.uri.in_(replayable()))).distinct()


def _active() -> Select[int]:
    newest = select(func.max(promotion.c.id)).group_by(promotion.c.product)
    return select(promotion.c.model_version_id).where(promotion.c.id.in_(newest))


def _uris_of(runs: ColumnElement[bool]) -> Select[str]:
    part = func.jsonb_array_elements(data_snapshot.c.parts).table_valued("value", name="part")
    uri = func.jsonb_extract_path_text(part.c.value, "frame_uri", type_=Text)
    snapshots = select(training_run.c.snapshot_id).where(runs, training_run.c.snapshot_id.is_not(None))
    return (
        select(uri.label("uri")).select_from(data_snapshot).join(part, true()).where(data_snapshot.c.id.in_(snapshots))
    )
