"""What each training said of its candidate and of the model it was held against, as the Models page reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from core.adapters.schema_retraining import training_run
from core.retraining import RunState
from dashboard.read_models import reading

MOST_NIGHTS = 400
MISSED, DEFECTS = "confirmed defects missed", "confirmed defects"
REJECTED, HELD_OUT = "held-out good parts rejected", "held-out good parts"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that is followed over the nights: its words, its unit, and how it is read from what the gate kept."""

    words: str
    figure: str
    of: str = ""
    scale: float = 1.0
    is_rest: bool = False

    def read(self, figures: Mapping[str, float]) -> float | None:
        """None where it was not measured."""
        value = figures.get(self.figure)
        if value is None or not self.of:
            return value
        whole = figures.get(self.of) or 0.0
        share = value / whole if whole else None
        return None if share is None else self.scale * (1 - share if self.is_rest else share)


MEASURES = (
    Measure("golden image AUROC", "golden image AUROC"),
    Measure("confirmed defects caught, %", MISSED, DEFECTS, 100, is_rest=True),
    Measure("held-out good parts rejected, \u2030", REJECTED, HELD_OUT, 1000),
    Measure("synthetic image AUROC", "synthetic image AUROC"),
    Measure("ms per picture", "milliseconds per image"),
)


@dataclass(frozen=True, slots=True)
class Night:
    """One training that came as far as a candidate; figures are by name, none where it was not measured."""

    run_id: int
    began_at: datetime
    state: RunState
    candidate_id: int | None
    before: Mapping[str, float]
    after: Mapping[str, float]


def nights(engine: Engine, product: str, limit: int = MOST_NIGHTS) -> list[Night]:
    """The product's newest trainings with figures, oldest first."""
    own = training_run.c
    query = select(own.id, own.began_at, own.state, own.candidate_id, own.before, own.after)
    measured = query.where(own.product == product, own.after.is_not(None)).order_by(own.id.desc()).limit(limit)
    with reading(engine) as connection:
        rows = connection.execute(measured).all()
    return [
        Night(row.id, row.began_at, RunState(row.state), row.candidate_id, row.before or {}, row.after or {})
        for row in reversed(rows)
    ]


def figures_of(found: Sequence[Night], version: int) -> dict[str, str]:
    """What the gate measured of this version when it was a candidate, as facts to read; the newest training counts."""
    for night in reversed(found):
        if night.candidate_id == version:
            told = {measure.words: measure.read(night.after) for measure in MEASURES}
            return {words: f"{value:.4g}" for words, value in told.items() if value is not None}
    return {}
