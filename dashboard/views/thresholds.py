"""Thresholds: the scores of late with both limits, what other limits would mean, and who set which limits when."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import streamlit as st

from core.changes import set_threshold
from core.errors import LineError
from core.product import ActiveModel
from core.verdict import Threshold
from dashboard import wiring
from dashboard.components.registered import gallery
from dashboard.components.registered import limits as limits_view
from dashboard.gallery_parts import gallery_data
from dashboard.thresholds import read_models
from dashboard.thresholds.page_data import limits_data, proposal_of
from dashboard.thresholds.what_if import changed_bands
from dashboard.views.trouble import page_style, plain, say_no, show_away, show_next_step
from dashboard.who import person
from dashboard.words import clock_words

SPANS = {"last day": timedelta(days=1), "last week": timedelta(days=7), "last month": timedelta(days=30)}
THUMBNAILS = 24
EARLIER = 20


def page() -> None:
    """Product and span on one line, the histogram, what would change, the history."""
    page_style()
    try:
        active = wiring.line().ledger.active()
        if active:
            _product(active)
        else:
            _nothing()
    except LineError as error:
        show_away(error)


def _nothing() -> None:
    show_next_step(
        "No product has an active model yet",
        "Limits belong to a model. Train one on good parts and make it active:",
        "python -m model train --images GOOD --out BUNDLE\npython -m retrain promote --product PRODUCT --bundle BUNDLE",
    )


def _product(active: Mapping[str, ActiveModel]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = st.selectbox("product", sorted(active), label_visibility="collapsed", width=220, key="limits_product")
        span = st.segmented_control("span", list(SPANS), default="last week", label_visibility="collapsed", key="span")
        model = active[name]
        st.caption(plain(f"model version {model.model.id}, limits row {model.threshold_id}"))
    now = datetime.now(UTC)
    since = now - SPANS[span or "last week"]
    proposed = _histogram(model, since, now)
    _saving(model, proposed)
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        _parts(model, proposed, since, now)
        _unseen(model, proposed, since, now)
    with right:
        _history(model)


def _histogram(model: ActiveModel, since: datetime, now: datetime) -> Threshold:
    """Draws it, and returns the limits as they stand there."""
    engine, product, version = wiring.line().ledger.engine, model.model.product, model.model.id
    counts = read_models.score_counts(engine, product, version, since, now)
    said = read_models.confirmed(engine, product, version, since)
    starting = st.session_state.get(_start_key(model), model.threshold)
    token = f"{model.threshold_id}/{product}/{st.session_state.get('limits_turn', 0)}"
    state = limits_view(
        data=limits_data(token, model.threshold, starting, counts, said),
        key="limits",
        default={"limits": None},
        on_limits_change=lambda: None,
    )
    return proposal_of(state.get("limits"), token, starting)


def _start_key(model: ActiveModel) -> str:
    """Under which limits wait that were taken from the history; a saved row makes it another."""
    return f"limits_start_{model.threshold_id}"


def _saving(model: ActiveModel, proposed: Threshold) -> None:
    same = proposed == model.threshold
    with st.form("save_limits", border=False), st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        why = st.text_input(
            "reason",
            placeholder="why these limits: others read it later",
            label_visibility="collapsed",
            width="stretch",
        )
        asked = st.form_submit_button("Save these limits", type="primary")
    if asked and same:
        st.info("These are the limits that hold now: move one of them first.")
    elif asked:
        _save(model, proposed, why)


def _save(model: ActiveModel, proposed: Threshold, why: str) -> None:
    with say_no():
        ledger = wiring.line().ledger
        number = set_threshold(ledger, person(), model.model.id, proposed, datetime.now(UTC), why)
        st.toast(f"Saved as row {number}: the workers take it within two seconds.")
        st.rerun()


def _parts(model: ActiveModel, proposed: Threshold, since: datetime, now: datetime) -> None:
    """Those that would be treated differently, as small pictures."""
    bands = changed_bands(model.threshold, proposed)
    if not bands:
        st.caption("Move a limit, or type one: the parts that would be treated differently appear here.")
        return
    engine, product, version = wiring.line().ledger.engine, model.model.product, model.model.id
    word, low, high = bands[0]
    if len(bands) > 1:
        words = [each[0] for each in bands]
        chosen = st.segmented_control("change", words, default=word, label_visibility="collapsed") or word
        word, low, high = bands[words.index(chosen)]
    parts = read_models.parts_between(engine, product, version, (low, high), since, THUMBNAILS)
    more = "the highest scores first" if len(parts) == THUMBNAILS else "all of them"
    st.markdown(f"**{word[0].upper()}{word[1:]}**: scores {low:.4g} to {high:.4g}, {more}")
    if parts:
        maps = wiring.small_maps(tuple(part.key for part in parts))
        zone = st.context.timezone or "UTC"
        gallery(data=gallery_data(parts, maps, wiring.thumbnails().of, now, zone), key="limits_parts")
    else:
        st.caption("No part of this time lies there.")


def _unseen(model: ActiveModel, proposed: Threshold, since: datetime, now: datetime) -> None:
    """The confirmed defects that would pass, as small pictures: what a wider limit would cost."""
    engine, product, version = wiring.line().ledger.engine, model.model.product, model.model.id
    parts = read_models.defects_below(engine, product, version, proposed.review_from, since, THUMBNAILS)
    if not parts:
        return
    more = f", the {THUMBNAILS} highest scores" if len(parts) == THUMBNAILS else ""
    st.markdown(f"**Confirmed defects that would pass unseen**{more}")
    maps, zone = wiring.small_maps(tuple(part.key for part in parts)), st.context.timezone or "UTC"
    gallery(data=gallery_data(parts, maps, wiring.thumbnails().of, now, zone), key="limits_unseen")


def _history(model: ActiveModel) -> None:
    st.markdown("**Earlier limits**")
    zone = st.context.timezone or "UTC"
    for row in read_models.limits_history(wiring.line().ledger.engine, model.model.product, EARLIER):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            holds = row.id == model.threshold_id
            limits = f"{row.limits.review_from:.4g} / **{row.limits.reject_from:.4g}**"
            told = f"{clock_words(row.at, zone)[:16]} · {plain(row.who)} · model {row.model_version_id}"
            st.markdown(f"{limits} — {plain(row.why)}  \n:gray[{told}]", width="stretch")
            if st.button("holds now" if holds else "Take", key=f"take_{row.id}", disabled=holds):
                _take(model, row.limits)


def _take(model: ActiveModel, limits: Threshold) -> None:
    """Shown in the histogram first; saving them asks for a reason, as any change does."""
    st.session_state[_start_key(model)] = limits
    st.session_state["limits_turn"] = st.session_state.get("limits_turn", 0) + 1
    st.rerun()
