"""The trends as one drawing with one time axis and one brush: how it is drawn, without what. Pure.

Altair checks and copies whatever it is given, several times over: with the rows in it, a drawing takes most of a
second. So a drawing is made of named rows, once, and chart_rows.py puts the rows in.
"""

from collections.abc import Mapping
from typing import Any

import altair as alt

from core.verdict import Decision

Colours = Mapping[str, str]
"""Streamlit's names of colours to #RRGGBB, of the ground the viewer has."""

DECISION_COLOURS = {Decision.NG: "redColor", Decision.REVIEW: "orangeColor", Decision.ERROR: "violetColor"}
SHAPES = {Decision.NG: "cross", Decision.REVIEW: "diamond", Decision.ERROR: "triangle-up"}
LIMITS = {"reject_from": Decision.NG, "review_from": Decision.REVIEW}
CONFIRMED = ("false reject", "missed defect")
SIDE, ASIDE = "datum.late ? 'right' : 'left'", "datum.late ? -3 : 3"
"""Words at the right end lie left of their line: behind it they would be cut off."""
WHOLE = ["since", "until"]
"""Stands for the first and the last moment until the rows are put in."""
AXIS_WIDTH = 84
TICKS = 10
LINE = 12
"""Pixels between the words of changes that lie close together."""
MOMENT = alt.Tooltip("at:T", title="at", format="%Y-%m-%d %H:%M")
BRUSH_WORDS = "drag here to look closer, double-click for all; a click on a step above opens its parts"
CLOCK = {
    "seconds": "%H:%M:%S", "minutes": "%H:%M", "hours": "%H:%M", "date": "%a %d", "week": "%b %d", "month": "%b",
    "year": "%Y",
}  # fmt: skip


def trend_chart(colours: Colours, name_lots: bool) -> alt.VConcatChart:
    """Scores, rates, what people confirmed, and below them all parts, on which the brush lies."""
    brush = alt.selection_interval(encodings=["x"], name="brush")
    zoomed = alt.Scale(domain=brush, nice=False)
    time = alt.X("at:T", scale=zoomed, axis=alt.Axis(title=None, labels=False, ticks=False, grid=False))
    told = alt.X("at:T", scale=zoomed, axis=_time_axis(None))  # under the brush the overview's hours are others
    rows = [
        _scores(time, colours, name_lots).properties(height=220),
        _rates(time, colours).properties(height=150),
        _confirmed(told, colours).properties(height=34),
        _overview(brush, colours).properties(height=34),
    ]
    chart = alt.vconcat(*rows, spacing=8).resolve_scale(color="independent", shape="independent", y="independent")
    return chart.configure_axis(labelColor=colours["grayColor"], titleColor=colours["grayColor"])


def _rows(name: str) -> alt.Chart:
    return alt.Chart(alt.NamedData(name=name))


def _scores(time: alt.X, colours: Colours, name_lots: bool) -> alt.LayerChart:
    blue, score = colours["primaryColor"], _y_axis("score")
    words = [alt.Tooltip(f"{name}:Q", format=".3~g") for name in ("high", "upper", "middle", "quarter", "low")]
    tooltip = [alt.Tooltip("at:T", format="%Y-%m-%d %H:%M"), *words, alt.Tooltip("parts:Q", format=",")]
    base = alt.Chart().encode(x=time)
    return alt.layer(
        _whole(time),
        base.mark_area(color=blue, opacity=0.18).encode(y=alt.Y("low:Q", axis=score), y2="high:Q"),
        base.mark_area(color=blue, opacity=0.3).encode(y=alt.Y("quarter:Q", axis=score), y2="upper:Q"),
        base.mark_line(color=blue, strokeWidth=1.6).encode(y=alt.Y("middle:Q", axis=score)),
        _columns("steps", time),
        base.mark_point(color=blue, size=12, opacity=0.6, filled=True).encode(
            y="middle:Q", tooltip=tooltip, href="href:N"
        ),
        *(_limit_line(name, decision, time, colours) for name, decision in LIMITS.items()),
        *_mark_lines(time, colours, name_lots),
        data=alt.NamedData(name="scores"),
    )


def _limit_line(name: str, decision: Decision, time: alt.X, colours: Colours) -> alt.Chart:
    line = _rows(name).mark_rule(color=colours[DECISION_COLOURS[decision]], strokeWidth=1.4)
    tip = [alt.Tooltip("limit:Q", title=f"{decision} from", format=".4~g")]
    return line.encode(x=time, x2="end:T", y=alt.Y("limit:Q"), tooltip=tip)


def _mark_lines(time: alt.X, colours: Colours, name_lots: bool) -> list[alt.Chart]:
    """Changes with their words; lots as fainter lines, with words only while they would not lie on each other."""
    lines = []
    for name, opacity, colour, y in (("lots", 0.35, "grayColor", 2), ("changes", 0.9, "textColor", 14)):
        base = _rows(name).encode(x=time, tooltip=[MOMENT, alt.Tooltip("words:N", title="what")])
        dash = [2, 2] if name == "lots" else [1, 0]
        lines.append(base.mark_rule(color=colours[colour], opacity=opacity, strokeDash=dash))
        if name == "changes" or name_lots:
            style = {
                "baseline": "top",
                "fontSize": 11,
                "color": colours[colour],
                "align": alt.expr(SIDE),
                "dx": alt.expr(ASIDE),
            }
            lines.append(
                base.mark_text(**style).encode(text="label:N", y=alt.value(alt.expr(f"{y} + {LINE} * datum.row")))
            )
    return lines


def _rates(time: alt.X, colours: Colours) -> alt.LayerChart:
    names = [decision.value for decision in DECISION_COLOURS]
    legend = alt.Legend(title=None, orient="top-left", symbolType="stroke")
    scale = alt.Scale(domain=names, range=[colours[name] for name in DECISION_COLOURS.values()])
    shape = alt.Shape("decision:N", scale=alt.Scale(domain=names, range=list(SHAPES.values())), legend=None)
    y = alt.Y("rate:Q", axis=_y_axis("\u2030 of parts"))
    tip = [alt.Tooltip("at:T", format="%Y-%m-%d %H:%M"), "decision:N", alt.Tooltip("rate:Q", format=".2f"), "parts:Q"]
    base = alt.Chart().encode(x=time, y=y, color=alt.Color("decision:N", scale=scale, legend=legend))
    average = _rows("averages").mark_line(
        color=colours["redColor"], strokeWidth=3, opacity=0.35, interpolate="monotone"
    )
    return alt.layer(
        _whole(time),
        average.encode(x=time, y=alt.Y("average:Q")),
        _columns("rejected_steps", time),
        base.mark_line(strokeWidth=1),
        base.mark_point(filled=True, size=22).encode(shape=shape, tooltip=tip, href="href:N"),
        data=alt.NamedData(name="rates"),
    )


def _columns(name: str, time: alt.X) -> alt.Chart:
    """Nothing to see: a click anywhere in a step's column opens its parts."""
    tip = [alt.Tooltip("at:T", format="%Y-%m-%d %H:%M"), alt.Tooltip("parts:Q", format=",")]
    columns = _rows(name).mark_rect(opacity=0, clip=True)
    return columns.encode(x=time, x2="end:T", y=alt.value(0), y2=alt.value("height"), href="href:N", tooltip=tip)


def _confirmed(time: alt.X, colours: Colours) -> alt.LayerChart:
    """False rejects and misses as people confirmed them, each part a sign."""
    names = list(CONFIRMED)
    scale = alt.Scale(domain=names, range=[colours["greenColor"], colours["redColor"]])
    shapes = alt.Scale(domain=names, range=["circle", "cross"])
    points = (
        _rows("confirmed")
        .mark_point(filled=True, size=45, opacity=0.8)
        .encode(
            x=time,
            y=alt.Y("what:N", scale=alt.Scale(domain=names), axis=_y_axis(None)),
            color=alt.Color("what:N", scale=scale, legend=None),
            shape=alt.Shape("what:N", scale=shapes, legend=None),
            tooltip=[MOMENT, "what:N", "camera:N", "lot:N"],
        )
    )
    return alt.layer(_whole(time), points)


def _overview(brush: Any, colours: Colours) -> alt.Chart:
    return (
        _rows("parts")
        .mark_area(interpolate="step-after", color=colours["grayColor"], opacity=0.5)
        .encode(
            x=alt.X("at:T", scale=alt.Scale(domain=WHOLE, nice=False), axis=_time_axis(BRUSH_WORDS)),
            y=alt.Y("parts:Q", axis=_y_axis("parts", 2)),
        )
        .add_params(brush)
    )


def _whole(time: alt.X) -> alt.Chart:
    """Nothing to see, from the first moment to the last: rows with fewer data have the same axis."""
    return _rows("whole").mark_point(opacity=0, tooltip=False).encode(x=time)


def _time_axis(title: str | None) -> alt.Axis:
    """So few labels that all have room: of those that lay on each other every other went, and with them the dates."""
    return alt.Axis(title=title, tickCount=TICKS, grid=False, format=CLOCK)


def _y_axis(title: str | None, ticks: int = 5) -> alt.Axis:
    """As wide in each row, so that times stand below each other."""
    return alt.Axis(title=title, minExtent=AXIS_WIDTH, maxExtent=AXIS_WIDTH, labelLimit=AXIS_WIDTH, tickCount=ticks)
