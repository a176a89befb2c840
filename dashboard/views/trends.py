"""Trends: scores, rates and what people confirmed over time, alarms, and since when something has been."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import streamlit as st

from core.drift import DriftAlarm, DriftKind
from core.errors import LineError
from dashboard import wiring
from dashboard.parts.read_models import parts_of_lots
from dashboard.read_models import Part, Places, places
from dashboard.review.bookings import frame_key
from dashboard.story.read_models import VIEWS_WITHIN
from dashboard.trends import read_models
from dashboard.trends.bands import limits_held, limits_that_judged
from dashboard.trends.chart_rows import Mark, TrendView, trend_spec
from dashboard.trends.read_models import MOST_REVIEWS, LimitsSet, LotSeen, Occurrences, Promoted
from dashboard.trends.spans import SPANS, Span
from dashboard.trends.story import Alarm, SinceWhen, since_change, since_when, since_words, suspect
from dashboard.views.trouble import page_style, plain, show_away, show_next_step
from dashboard.words import clock_words, count_words

ALL = "all cameras"
QUARTER = timedelta(days=90)
WHAT_DRIFTS = {DriftKind.SCORES: "scores have drifted", DriftKind.LOOKS: "parts look different"}
REMEDY = "Look at light, lens and parts; if the parts are right, call some good on Review: the next night learns them."
ROOM_FOR_AXES = "<style>.st-key-trend_box { padding-right: 110px; }</style>"
"""Rows that stand below each other are made as wide as their box, and their axes come on top."""


def page() -> None:
    """Filters on one line, alarms, one drawing, and the question since when."""
    page_style()
    try:
        known = places(wiring.line().ledger.engine)
        if not known.products:
            show_next_step("Nothing was inspected yet", "Trends appear with the first parts:", "make demo")
            return
        _page(known)
    except LineError as error:
        show_away(error)


def _page(known: Places) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        product = st.selectbox("product", known.products, label_visibility="collapsed", width=200, key="trend_product")
        cameras = [ALL, *known.cameras(product)]
        chosen = st.selectbox("camera", cameras, label_visibility="collapsed", width=200, key="trend_camera")
        asked_span = st.query_params.get("span", "")
        default = asked_span if asked_span in SPANS else "7 d"
        name = st.segmented_control(
            "span",
            list(SPANS),
            default=default,
            label_visibility="collapsed",
            key="trend_span",
            persist_state="session",
        )
        st.space("stretch")
        asked = st.toggle("Since when?", key="since_when")
    span, now = SPANS[name or "7 d"], datetime.now(UTC)
    camera = "" if chosen == ALL else chosen
    if asked:
        _since_when(product, now)
    drifted = [one for one in wiring.line().ledger.drift_alarms(product) if camera in ("", one.found.camera)]
    _drift(drifted)
    _trends(product, camera, span, now, drifted)


def _drift(found: Sequence[DriftAlarm]) -> None:
    """What the retrain station has found to drift, whatever span is shown."""
    zone = st.context.timezone or "UTC"
    if found:
        st.warning("  \n".join(drift_words(one, zone) for one in found))


def drift_words(alarm: DriftAlarm, zone: str) -> str:
    """Since when, from which lot and camera, under which model, and what to do."""
    since = clock_words(alarm.found.since, zone)[:16]
    lot = f", lot {plain(alarm.found.lot)}" if alarm.found.lot else ""
    told = f"**{plain(alarm.found.camera)}: {WHAT_DRIFTS[alarm.found.kind]} since {since}{lot}** (model"
    return f"{told} {alarm.model_version_id}). {plain(alarm.found.sentence)}. {REMEDY}"


def _trends(product: str, camera: str, span: Span, now: datetime, drifted: Sequence[DriftAlarm]) -> None:
    engine = wiring.line().ledger.engine
    course = wiring.course(product, camera, span, now.replace(second=0, microsecond=0))
    if not course.steps:
        st.subheader("No part in this time")
        st.caption("Choose a longer time, another product or all cameras.")
        return
    promoted, limits = read_models.promotions(engine, product), read_models.limits_set(engine, product)
    since, changed = span.since(now), limits_that_judged(promoted, limits)
    if course.alarms:
        st.warning("  \n".join(_alarm_words(alarm, [*promoted, *changed], span) for alarm in course.alarms))
    marks = _marks(promoted, changed, read_models.lots_seen(engine, product, since), camera, since)
    marks += [Mark(each.since, _short(each), is_lot=False) for each in course.alarms]
    raised = read_models.alarms_raised(engine, product, camera, since)
    marks += [Mark(each.at, "alarm", is_lot=False, words=each.what.removeprefix(read_models.ALARM)) for each in raised]
    marks += drift_marks(drifted, since)
    against = read_models.confirmations(engine, product, since)
    said = [each for each in against if camera in ("", each.camera)]
    held = limits_held(promoted, limits, since, now)
    view = TrendView(course.steps, span.step, held, marks, said, (since, now), product, camera)
    spec = trend_spec(view, dark=st.context.theme.type == "dark")
    st.html(ROOM_FOR_AXES)
    with st.container(key="trend_box"):
        st.vega_lite_chart(spec=spec, key="trend_chart", width="stretch")
    if len(against) == MOST_REVIEWS:
        st.caption(f"Of false rejects and missed defects the newest {count_words(MOST_REVIEWS)} are shown.")
    if view.too_many_lots:
        st.caption(f"{len(view.lots)} lots are too many for lines: choose a shorter time to see where each began.")


def _alarm_words(alarm: Alarm, changes: Sequence[Promoted | LimitsSet], span: Span) -> str:
    change, zone = alarm.change, st.context.timezone or "UTC"
    verb = "rose" if change.rose else "fell"
    shares = f"from {1000 * change.before:.3g} to {1000 * change.after:.3g} per thousand"
    near = [each for each in changes if abs(each.at - alarm.since) <= 2 * span.step]
    nearest = min(near, key=lambda each: abs(each.at - alarm.since), default=None)
    because = f" Just then: {plain(_change_words(nearest))}." if nearest else ""
    when = clock_words(alarm.since, zone)[:16]
    return f"**{alarm.what[0].upper()}{alarm.what[1:]} {verb}** {shares}, most likely since {when}.{because}"


def drift_marks(drifted: Sequence[DriftAlarm], since: datetime) -> list[Mark]:
    """Where each drift began that began in the time shown."""
    found = [one.found for one in drifted if one.found.since >= since]
    return [
        Mark(one.since, WHAT_DRIFTS[one.kind], is_lot=False, words=f"{one.camera}: {one.sentence}") for one in found
    ]


def _short(alarm: Alarm) -> str:
    return f"{alarm.what} {'rose' if alarm.change.rose else 'fell'}"


def _change_words(change: Promoted | LimitsSet) -> str:
    if isinstance(change, Promoted):
        return f"model {change.model_version_id} was promoted by {change.who} ({change.why})"
    limits = change.limits
    return f"limits of model {change.model_version_id} became {limits.review_from:.3g} / {limits.reject_from:.3g}"


def _marks(
    promoted: Sequence[Promoted], limits: Sequence[LimitsSet], lots: Sequence[LotSeen], camera: str, since: datetime
) -> list[Mark]:
    first: dict[str, datetime] = {}
    for lot in lots:
        if camera in ("", lot.camera):
            first[lot.lot] = min(lot.first_at, first.get(lot.lot, lot.first_at))
    told = [Mark(each.at, f"model {each.model_version_id}", is_lot=False) for each in promoted]
    told += [
        Mark(each.at, f"limits {each.limits.review_from:.3g} / {each.limits.reject_from:.3g}", is_lot=False)
        for each in limits
        if all(abs(each.at - other.at) > timedelta(minutes=1) for other in promoted)
    ]
    told += [Mark(at, lot, is_lot=True) for lot, at in first.items()]
    return [mark for mark in told if mark.at >= since]


def _since_when(product: str, now: datetime) -> None:
    engine = wiring.line().ledger.engine
    known = read_models.occurrences(engine, product, now - QUARTER)
    kinds = sorted({each.kind for each in known})
    with st.container(border=True, key="since_when_box"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            kind = st.selectbox(
                "kind of defect",
                kinds,
                index=None,
                placeholder="a kind of defect",
                label_visibility="collapsed",
                width=240,
            )
            part_id = st.text_input(
                "part", placeholder="or a part's id", label_visibility="collapsed", width=240, key="since_part"
            )
        lots = read_models.lots_seen(engine, product, now - QUARTER)
        if part_id.strip():
            _of_part(part_id.strip(), product, lots, known, now)
        elif kind:
            found = _in_whole_parts(product, since_when(_of_kind(kind, known), lots), now)
            _tell(found, f"{kind}, confirmed by people")
        else:
            st.caption("Get the first occurrence, the lots, cameras and models, and how many parts went out since.")


def _of_kind(kind: str, known: Sequence[Occurrences]) -> list[Occurrences]:
    return [each for each in known if each.kind == kind]


def _of_part(part_id: str, product: str, lots: Sequence[LotSeen], known: Sequence[Occurrences], now: datetime) -> None:
    """By what people said of any of its views; else by when the rejects of the most suspicious one's camera changed."""
    seen = [part for part in read_models.parts_named(wiring.line().ledger.engine, part_id) if part.product == product]
    if not seen:
        st.caption(plain(f"No part of {product} has the id {part_id}."))
        return
    views = [part for part in seen if seen[0].key.captured_at - part.key.captured_at <= VIEWS_WITHIN]
    kinds = sorted(_kinds_said(views))
    if kinds:
        found = since_when(_of_kind(kinds[0], known), lots)
        _tell(_in_whole_parts(product, found, now), f"{kinds[0]}, as confirmed on {part_id}")
        return
    found, what = _since_its_camera_changed(suspect(views), lots, now)
    _tell(_in_whole_parts(product, found, now), what)


def _in_whole_parts(product: str, found: SinceWhen | None, now: datetime) -> SinceWhen | None:
    """The same, where several cameras see each part: counted are parts then, and not their views."""
    if found is None or not found.lots:
        return found
    whole = parts_of_lots(wiring.line().ledger.engine, product, found.lots, now - QUARTER)
    return replace(found, inspected=whole.inspected, went_out=whole.went_out) if whole.inspected else found


def _kinds_said(views: Sequence[Part]) -> set[str]:
    """Of what defects people say that one of these is; what was said last stands."""
    reviews = [wiring.line().ledger.reviews_of(frame_key(view.key)) for view in views]
    return {said[0].opinion.kind for said in reviews if said and said[0].opinion.kind}


def _since_its_camera_changed(part: Part, lots: Sequence[LotSeen], now: datetime) -> tuple[SinceWhen | None, str]:
    span, camera = SPANS["90 d"], part.key.camera
    course = wiring.course(part.product, camera, span, now.replace(second=0, microsecond=0))
    rises = [alarm for alarm in course.alarms if alarm.change.rose]
    if not rises:
        return None, f"rejects of {camera}: no change in ninety days that is sure enough"
    known = course.rejected_since(rises[0].since)
    return since_change(rises[0].since, lots, camera, known, now), f"{rises[0].what} on {camera}"


def _tell(found: SinceWhen | None, what: str) -> None:
    if found is None:
        st.caption(plain(f"Nothing is known of {what}."))
        return
    zone = st.context.timezone or "UTC"
    st.markdown(
        f"**{plain(what)}**: first {clock_words(found.first_at, zone)}, last {clock_words(found.last_at, zone)}"
    )
    with st.container(horizontal=True, gap="medium"):
        for name, words in since_words(found).items():
            st.metric(name, words, width="content")
    named = f"{', '.join(found.lots[:12])}{' ...' if len(found.lots) > 12 else ''}"
    st.caption(plain(f"Cameras: {', '.join(found.cameras)}. Lots: {named or 'none known'}."))
