"""The trends as one drawing with one time axis and one brush: pure functions of rows to Altair charts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import altair as alt

from core.verdict import Decision
from dashboard.story.filters import Linked
from dashboard.trends.alarm import moving_average
from dashboard.trends.bands import LimitsHeld, StepTrend
from dashboard.trends.read_models import Confirmation

Colours = Mapping[str, str]
"""Streamlit's names of colours to #RRGGBB, of the ground the viewer has."""

DECISION_COLOURS = {Decision.NG: "redColor", Decision.REVIEW: "orangeColor", Decision.ERROR: "violetColor"}
SHAPES = {Decision.NG: "cross", Decision.REVIEW: "diamond", Decision.ERROR: "triangle-up"}
MOST_LOT_LABELS = 14
AXIS_WIDTH = 84
BRUSH_WORDS = "drag here to look closer, double-click for all; a click on a step above opens its parts"
CLOCK = {
    "seconds": "%H:%M:%S", "minutes": "%H:%M", "hours": "%H:%M", "date": "%a %d", "week": "%b %d", "month": "%b",
    "year": "%Y",
}  # fmt: skip


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
        """Where the parts behind a step are."""
        names = tuple(decision.value for decision in decisions)
        return Linked(step.begins_at, step.begins_at + self.step, self.product, self.camera, names).address


def trend_chart(view: TrendView, colours: Colours) -> alt.VConcatChart:
    """Scores, rates, what people confirmed, and below them all parts, on which the brush lies."""
    brush = alt.selection_interval(encodings=["x"], name="brush")
    whole = [_iso(moment) for moment in view.domain]
    zoomed = alt.Scale(domain=brush, nice=False)
    time = alt.X("at:T", scale=zoomed, axis=alt.Axis(title=None, labels=False, ticks=False, grid=False))
    rows = [
        _scores(view, time, colours).properties(height=210),
        _rates(view, time, colours).properties(height=120),
        _confirmed(view, time, colours).properties(height=34),
        _overview(view, whole, brush, colours).properties(height=34),
    ]
    chart = alt.vconcat(*rows, spacing=8).resolve_scale(color="independent", shape="independent", y="independent")
    return chart.configure_axis(labelColor=colours["grayColor"], titleColor=colours["grayColor"])


def _scores(view: TrendView, time: alt.X, colours: Colours) -> alt.LayerChart:
    rows = [
        {"at": _iso(step.begins_at), "end": _iso(step.begins_at + view.step), "low": step.quantiles[0],
         "quarter": step.quantiles[1], "middle": step.quantiles[2], "upper": step.quantiles[3],
         "high": step.quantiles[4], "parts": step.total, "href": view.link(step, *Decision)}
        for step in view.steps if step.quantiles
    ]  # fmt: skip
    data, blue = alt.Data(values=rows), colours["primaryColor"]
    words = [alt.Tooltip(f"{name}:Q", format=".3~g") for name in ("high", "upper", "middle", "quarter", "low")]
    tooltip = [alt.Tooltip("at:T", format="%Y-%m-%d %H:%M"), *words, alt.Tooltip("parts:Q", format=",")]
    base = alt.Chart(data).encode(x=time)
    score = _y_axis("score")
    return alt.layer(
        _whole(view, time),
        base.mark_area(color=blue, opacity=0.18).encode(y=alt.Y("low:Q", axis=score), y2="high:Q"),
        base.mark_area(color=blue, opacity=0.3).encode(y=alt.Y("quarter:Q", axis=score), y2="upper:Q"),
        base.mark_line(color=blue, strokeWidth=1.6).encode(y=alt.Y("middle:Q", axis=score)),
        _columns(view, time, *Decision),
        base.mark_point(color=blue, size=12, opacity=0.6, filled=True).encode(
            y="middle:Q", tooltip=tooltip, href="href:N"
        ),
        *_limit_lines(view, time, colours),
        *_mark_lines(view, time, colours),
    )


def _limit_lines(view: TrendView, time: alt.X, colours: Colours) -> list[alt.Chart]:
    lines = []
    for name, decision in (("reject_from", Decision.NG), ("review_from", Decision.REVIEW)):
        rows = [
            {"at": _iso(held.begins_at), "end": _iso(held.ends_at), "limit": getattr(held.limits, name)}
            for held in view.limits
        ]
        line = alt.Chart(alt.Data(values=rows)).mark_rule(color=colours[DECISION_COLOURS[decision]], strokeWidth=1.4)
        tip = [alt.Tooltip("limit:Q", title=f"{decision} from", format=".4~g")]
        lines.append(line.encode(x=time, x2="end:T", y=alt.Y("limit:Q"), tooltip=tip))
    return lines


def _mark_lines(view: TrendView, time: alt.X, colours: Colours) -> list[alt.Chart]:
    """Changes with their words; lots as fainter lines, with words only while they would not lie on each other."""
    lots = sum(mark.is_lot for mark in view.marks)
    lines = []
    for is_lot, opacity, colour, y in ((True, 0.35, "grayColor", 2), (False, 0.9, "textColor", 14)):
        rows = [
            {"at": _iso(mark.at), "label": mark.label, "words": mark.words or mark.label}
            for mark in view.marks if mark.is_lot is is_lot
        ]  # fmt: skip
        tip = ["at:T", alt.Tooltip("words:N", title="what")]
        base = alt.Chart(alt.Data(values=rows)).encode(x=time, tooltip=tip)
        lines.append(base.mark_rule(color=colours[colour], opacity=opacity, strokeDash=[2, 2] if is_lot else [1, 0]))
        if not is_lot or lots <= MOST_LOT_LABELS:
            style = {"align": "left", "dx": 3, "baseline": "top", "fontSize": 11, "color": colours[colour]}
            lines.append(base.mark_text(**style).encode(text="label:N", y=alt.value(y)))
    return lines


def _rates(view: TrendView, time: alt.X, colours: Colours) -> alt.LayerChart:
    names = [decision.value for decision in DECISION_COLOURS]
    rows = [
        {"at": _iso(step.begins_at), "rate": step.rate(decision), "decision": decision.value, "parts": step.total,
         "href": view.link(step, decision)}
        for step in view.steps for decision in DECISION_COLOURS
    ]  # fmt: skip
    smooth = moving_average([step.frames.get(Decision.NG, 0) for step in view.steps], [s.total for s in view.steps])
    averages = [
        {"at": _iso(step.begins_at), "average": 1000 * share} for step, share in zip(view.steps, smooth, strict=True)
    ]
    legend = alt.Legend(title=None, orient="top-left", symbolType="stroke")
    scale = alt.Scale(domain=names, range=[colours[name] for name in DECISION_COLOURS.values()])
    shape = alt.Shape("decision:N", scale=alt.Scale(domain=names, range=list(SHAPES.values())), legend=None)
    y = alt.Y("rate:Q", axis=_y_axis("\u2030 of parts"))
    tip = [alt.Tooltip("at:T", format="%Y-%m-%d %H:%M"), "decision:N", alt.Tooltip("rate:Q", format=".2f"), "parts:Q"]
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=time, y=y, color=alt.Color("decision:N", scale=scale, legend=legend)
    )
    average = alt.Chart(alt.Data(values=averages)).mark_line(
        color=colours["redColor"], strokeWidth=3, opacity=0.35, interpolate="monotone"
    )
    return alt.layer(
        _whole(view, time),
        average.encode(x=time, y=alt.Y("average:Q")),
        _columns(view, time),
        base.mark_line(strokeWidth=1),
        base.mark_point(filled=True, size=22).encode(shape=shape, tooltip=tip, href="href:N"),
    )


def _columns(view: TrendView, time: alt.X, *decisions: Decision) -> alt.Chart:
    """Nothing to see: a click anywhere in a step's column opens the parts of these decisions, or all not OK."""
    rows = [
        {"at": _iso(step.begins_at), "end": _iso(step.begins_at + view.step), "parts": step.total,
         "href": view.link(step, *decisions)}
        for step in view.steps
    ]  # fmt: skip
    tip = [alt.Tooltip("at:T", format="%Y-%m-%d %H:%M"), alt.Tooltip("parts:Q", format=",")]
    columns = alt.Chart(alt.Data(values=rows)).mark_rect(opacity=0, clip=True)
    return columns.encode(x=time, x2="end:T", y=alt.value(0), y2=alt.value("height"), href="href:N", tooltip=tip)


def _confirmed(view: TrendView, time: alt.X, colours: Colours) -> alt.LayerChart:
    """False rejects and misses as people confirmed them, each part a sign."""
    names = ["false reject", "missed defect"]
    rows = [
        {"at": _iso(each.captured_at), "what": names[each.is_miss], "camera": each.camera, "lot": each.lot}
        for each in view.confirmed if each.is_miss or each.is_false_reject
    ]  # fmt: skip
    scale = alt.Scale(domain=names, range=[colours["greenColor"], colours["redColor"]])
    shapes = alt.Scale(domain=names, range=["circle", "cross"])
    points = (
        alt.Chart(alt.Data(values=rows))
        .mark_point(filled=True, size=45, opacity=0.8)
        .encode(
            x=time,
            y=alt.Y("what:N", scale=alt.Scale(domain=names), axis=_y_axis(None)),
            color=alt.Color("what:N", scale=scale, legend=None),
            shape=alt.Shape("what:N", scale=shapes, legend=None),
            tooltip=["at:T", "what:N", "camera:N", "lot:N"],
        )
    )
    return alt.layer(_whole(view, time), points)


def _overview(view: TrendView, whole: list[str], brush: Any, colours: Colours) -> alt.Chart:
    rows = [{"at": _iso(step.begins_at), "parts": step.total} for step in view.steps]
    axis = alt.Axis(title=BRUSH_WORDS, labelOverlap=True, grid=False, format=CLOCK)
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_area(interpolate="step-after", color=colours["grayColor"], opacity=0.5)
        .encode(
            x=alt.X("at:T", scale=alt.Scale(domain=whole, nice=False), axis=axis),
            y=alt.Y("parts:Q", axis=_y_axis("parts", 2)),
        )
        .add_params(brush)
    )


def _whole(view: TrendView, time: alt.X) -> alt.Chart:
    """Nothing to see, from the first moment to the last: rows with fewer data have the same axis."""
    rows = [{"at": _iso(moment)} for moment in view.domain]
    return alt.Chart(alt.Data(values=rows)).mark_point(opacity=0, tooltip=False).encode(x=time)


def _y_axis(title: str | None, ticks: int = 5) -> alt.Axis:
    """As wide in each row, so that times stand below each other."""
    return alt.Axis(title=title, minExtent=AXIS_WIDTH, maxExtent=AXIS_WIDTH, labelLimit=AXIS_WIDTH, tickCount=ticks)


def _iso(moment: datetime) -> str:
    return moment.isoformat()
