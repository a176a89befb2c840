"""What the trends' drawing shows: its rows by name, and the drawing with them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from core.verdict import Decision
from dashboard.story.filters import Linked
from dashboard.theme import DARK, LIGHT
from dashboard.trends.alarm import moving_average
from dashboard.trends.bands import LimitsHeld, StepTrend
from dashboard.trends.charts import CONFIRMED, DECISION_COLOURS, LIMITS, WHOLE, trend_chart
from dashboard.trends.read_models import Confirmation

MOST_LOT_LABELS = 14
MOST_LOTS = 60
"""More lines than that are a grey area, in which nobody finds the beginning of a lot."""

MARK_ROWS = 5
LETTER = 0.006
"""A letter of a mark's words, as a share of the drawing's width on the smallest screen."""
LATE = 0.85
"""From this share of the time on, words lie left of their line."""

Rows = list[dict[str, Any]]
Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled thin line: something was changed, a lot began, an alarm was raised; `words` are read in its tip."""

    at: datetime
    label: str
    is_lot: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class TrendView:
    """All that is drawn."""

    steps: Sequence[StepTrend]
    step: timedelta
    limits: Sequence[LimitsHeld]
    marks: Sequence[Mark]
    confirmed: Sequence[Confirmation]
    domain: tuple[datetime, datetime]
    product: str = ""
    camera: str = ""

    def link(self, step: StepTrend, *decisions: Decision) -> str:
        """Where the parts behind a step are; of no decisions: all that are not OK."""
        names = tuple(decision.value for decision in decisions)
        return Linked(step.begins_at, step.begins_at + self.step, self.product, self.camera, names).address

    def place_of(self, moment: datetime) -> float:
        """0 at the left end, 1 at the right one."""
        return (moment - self.domain[0]) / (self.domain[1] - self.domain[0])

    @property
    def lots(self) -> list[Mark]:
        """Where lots began."""
        return [mark for mark in self.marks if mark.is_lot]

    @property
    def too_many_lots(self) -> bool:
        """Whether their lines are left out."""
        return len(self.lots) > MOST_LOTS


def trend_spec(view: TrendView, dark: bool) -> Spec:
    """The whole drawing as Vega-Lite takes it."""
    drawing = _drawing(dark, len(view.lots) <= MOST_LOT_LABELS)
    whole = [moment.isoformat() for moment in view.domain]  # as letters: a domain of numbers would be no times
    filled: Spec = _filled(drawing, rows_of(view), whole)
    return filled


def rows_of(view: TrendView) -> Mapping[str, Rows]:
    """The rows by the names that the drawing has for them."""
    lots = [] if view.too_many_lots else view.lots
    changes = [mark for mark in view.marks if not mark.is_lot]
    return {
        "scores": [_score_row(view, step) for step in view.steps if step.quantiles],
        "steps": [_column_row(view, step, *Decision) for step in view.steps],
        "rates": [_rate_row(view, step, decision) for step in view.steps for decision in DECISION_COLOURS],
        "rejected_steps": [_column_row(view, step) for step in view.steps],
        "averages": _averages(view.steps),
        "parts": [{"at": _ms(step.begins_at), "parts": step.total} for step in view.steps],
        "confirmed": [_confirmed_row(each) for each in view.confirmed if each.is_miss or each.is_false_reject],
        "whole": [{"at": _ms(moment)} for moment in view.domain],
        "lots": [_mark_row(view, mark) for mark in lots],
        "changes": [_mark_row(view, mark, row) for mark, row in _in_rows(view, changes)],
        **{name: [_limit_row(held, name) for held in view.limits] for name in LIMITS},
    }


def warm_drawings() -> None:
    """Make those that will be asked for."""
    for dark in (False, True):
        for name_lots in (False, True):
            _drawing(dark, name_lots)


@cache
def _drawing(dark: bool, name_lots: bool) -> Spec:
    """Made once per ground: Altair takes its time. What is not valid would not pass the tests."""
    spec: Spec = trend_chart(DARK if dark else LIGHT, name_lots).to_dict(validate=False)
    return spec


def _filled(node: Any, rows: Mapping[str, Rows], whole: list[str]) -> Any:
    """A copy with the rows in the places of their names."""
    if node == WHOLE:
        return whole
    if isinstance(node, list):
        return [_filled(each, rows, whole) for each in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"name"} and node["name"] in rows:
        return {"values": rows[node["name"]]}
    return {key: _filled(value, rows, whole) for key, value in node.items()}


def _score_row(view: TrendView, step: StepTrend) -> dict[str, Any]:
    names = ("low", "quarter", "middle", "upper", "high")
    return _column_row(view, step, *Decision) | dict(zip(names, map(_short, step.quantiles), strict=True))


def _column_row(view: TrendView, step: StepTrend, *decisions: Decision) -> dict[str, Any]:
    ends_at, href = step.begins_at + view.step, view.link(step, *decisions)
    return {"at": _ms(step.begins_at), "end": _ms(ends_at), "parts": step.total, "href": href}


def _rate_row(view: TrendView, step: StepTrend, decision: Decision) -> dict[str, Any]:
    row = {"at": _ms(step.begins_at), "rate": _short(step.rate(decision)), "decision": decision.value}
    return row | {"parts": step.total, "href": view.link(step, decision)}


def _averages(steps: Sequence[StepTrend]) -> Rows:
    shares = moving_average([step.frames.get(Decision.NG, 0) for step in steps], [step.total for step in steps])
    return [
        {"at": _ms(step.begins_at), "average": _short(1000 * share)} for step, share in zip(steps, shares, strict=True)
    ]


def _limit_row(held: LimitsHeld, name: str) -> dict[str, Any]:
    return {"at": _ms(held.begins_at), "end": _ms(held.ends_at), "limit": getattr(held.limits, name)}


def _mark_row(view: TrendView, mark: Mark, row: int = 0) -> dict[str, Any]:
    told = {"at": _ms(mark.at), "label": mark.label, "words": mark.words or mark.label}
    return told | {"row": row, "late": view.place_of(mark.at) > LATE}


def _in_rows(view: TrendView, marks: Sequence[Mark]) -> list[tuple[Mark, int]]:
    """Each mark with the row in which its words have room beside those before; where none has any, the last."""
    free_from = [0.0] * MARK_ROWS
    found = []
    for mark in sorted(marks, key=lambda each: each.at):
        place, wide = view.place_of(mark.at), LETTER * len(mark.label)
        begins = place - wide if place > LATE else place
        row = next((row for row, free in enumerate(free_from) if free <= begins), MARK_ROWS - 1)
        free_from[row] = max(free_from[row], begins + wide)
        found.append((mark, row))
    return found


def _confirmed_row(each: Confirmation) -> dict[str, Any]:
    what = CONFIRMED[each.is_miss]
    return {"at": _ms(each.captured_at), "what": what, "camera": each.camera, "lot": each.lot}


def _short(value: float) -> float:
    """Six digits: more than anybody sees, and half of the bytes."""
    return float(f"{value:.6g}")


def _ms(moment: datetime) -> int:
    """As the browser counts time: shorter than a date in letters, and read without parsing."""
    return round(1000 * moment.timestamp())
