"""Quality over the nights as one drawing: a pure function of rows to an Altair chart."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from core.retraining import RunState
from dashboard.nights.read_models import MEASURES, Measure, Night

Colours = Mapping[str, str]
CLOCK = {"hours": "%H:%M", "date": "%a %d", "week": "%b %d", "month": "%b", "year": "%Y"}
ENDS = {
    "promoted": ("greenColor", "circle"),
    "refused": ("redColor", "cross"),
    "not decided": ("orangeColor", "diamond"),
}
"""How a night ended: its colour and its shape."""
ROW_HEIGHT = 64


def end_of(state: RunState) -> str:
    """The night's end in one of three words; what was rolled back has been refused by the line itself."""
    if state is RunState.PROMOTED:
        return "promoted"
    return "refused" if state in (RunState.REFUSED, RunState.ROLLED_BACK) else "not decided"


def measured_by(found: Sequence[Night]) -> list[Measure]:
    """The figures that any of these nights has."""
    return [each for each in MEASURES if any(each.read(night.after) is not None for night in found)]


def night_rows(found: Sequence[Night], measure: Measure) -> list[dict[str, Any]]:
    """One row per night that has the figure: the candidate's, and the active model's beside it."""
    rows = []
    for night in found:
        value = measure.read(night.after)
        if value is not None:
            rows.append({
                "at": night.began_at.isoformat(), "candidate": value, "active": measure.read(night.before),
                "end": end_of(night.state), "version": night.candidate_id, "run": night.run_id,
            })  # fmt: skip
    return rows


def night_chart(found: Sequence[Night], colours: Colours) -> alt.VConcatChart:
    """A row per figure: the model that judged as a line, each night's candidate as a sign."""
    measures = measured_by(found)
    rows = [_row(found, each, colours, each is measures[0], each is measures[-1]) for each in measures]
    chart = alt.vconcat(*rows, spacing=6).resolve_scale(x="shared", color="shared", shape="shared")
    return chart.configure_axis(labelColor=colours["grayColor"], titleColor=colours["grayColor"])


def _row(found: Sequence[Night], measure: Measure, colours: Colours, is_first: bool, is_last: bool) -> alt.LayerChart:
    time = alt.X("at:T", axis=alt.Axis(title=None, labels=is_last, ticks=is_last, grid=False, format=CLOCK))
    base = alt.Chart(alt.Data(values=night_rows(found, measure))).encode(x=time)
    whole = alt.Scale(zero=False, nice=True)
    axis = alt.Axis(title=None, tickCount=3, minExtent=60, maxExtent=60)
    legend = alt.Legend(title=None, orient="top", direction="horizontal") if is_first else None
    names = list(ENDS)
    colour = alt.Color(
        "end:N", scale=alt.Scale(domain=names, range=[colours[name] for name, _ in ENDS.values()]), legend=legend
    )
    shape = alt.Shape("end:N", scale=alt.Scale(domain=names, range=[sign for _, sign in ENDS.values()]), legend=legend)
    figures = [alt.Tooltip(f"{name}:Q", format=".4~g") for name in ("candidate", "active")]
    tip = [alt.Tooltip("at:T", format="%Y-%m-%d %H:%M"), "end:N", "version:N", *figures, "run:N"]
    line = base.mark_line(color=colours["grayColor"], strokeWidth=1.4, interpolate="step-after")
    return alt.layer(
        line.encode(y=alt.Y("active:Q", scale=whole, axis=axis)),
        base.mark_point(filled=True, size=60, opacity=0.9).encode(
            y=alt.Y("candidate:Q", scale=whole, axis=axis), color=colour, shape=shape, tooltip=tip
        ),
    ).properties(height=ROW_HEIGHT, title=_title(measure, colours))


def _title(measure: Measure, colours: Colours) -> alt.TitleParams:
    return alt.TitleParams(
        measure.words, anchor="start", fontSize=12, fontWeight="normal", color=colours["textColor"], offset=4
    )
