"""Defects: the newest parts that were not OK, small in a gallery, and the selected one large with its story."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

import streamlit as st

from core.errors import LedgerUnavailable, LineError
from core.inspection import StoredMap
from core.verdict import Decision
from dashboard import wiring
from dashboard.components.registered import gallery
from dashboard.components.registered import part as part_view
from dashboard.gallery_parts import gallery_data, part_data
from dashboard.read_models import Part, PartKey, places
from dashboard.story.filters import PERIODS, WHOLE, Chosen, further, wanted
from dashboard.story.read_models import NOT_OK, DefectFilter, count_newer, kinds_said, newest_parts
from dashboard.story.wiring import selection_folder, selection_table
from dashboard.views.trouble import page_style, show_away, show_next_step
from dashboard.views.window import ALL, link_of, window, within
from dashboard.words import clock_words, count_words

NEWER_EVERY_S = 5.0
IN_ADDRESS: Literal["query-params"] = "query-params"
"""What is filtered stands in the page's address, so that it can be kept or sent to somebody."""


def page() -> None:
    """Filters on one line, the gallery on the left, the part on the right."""
    page_style()
    try:
        asked = _filters()
        parts = _parts(asked)
        _incomplete(asked)
    except LineError as error:
        show_away(error)
        return
    if not parts:
        _nothing(asked)
        return
    _browse(parts, asked)


def _filters() -> DefectFilter:
    known = places(wiring.line().ledger.engine)
    link = link_of(known.products, known.cameras(), _first_page)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        names = st.pills(
            "decision",
            [decision.value for decision in (*NOT_OK, Decision.OK)],
            selection_mode="multi",
            label_visibility="collapsed",
            on_change=_first_page,
            key="defect_decisions",
            bind=IN_ADDRESS,
        )
        product = _choice("product", known.products)
        camera = _choice("camera", known.cameras(product))
        period = st.selectbox(
            "time",
            list(PERIODS),
            label_visibility="collapsed",
            width=150,
            on_change=_first_page,
            key="defect_period",
            bind=IN_ADDRESS,
        )
        chosen = _further(Chosen(tuple(names), product, camera, period))
        _exports(within(link, wanted(chosen, datetime.now(UTC))))
    window(link, _first_page)
    return within(link, wanted(chosen, _asked_at()))


def _further(chosen: Chosen) -> Chosen:
    """The filters that are folded away; how many of them are set stands on the button."""
    count = st.session_state.get("defect_further", 0)
    with st.popover(f"more filters ({count})" if count else "more filters"):
        lot = st.text_input("lot", on_change=_first_page, key="defect_lot", bind=IN_ADDRESS)
        kinds = ["", *kinds_said(wiring.line().ledger.engine)]
        kind = st.selectbox(
            "kind of defect",
            kinds,
            format_func=lambda name: name or "any",
            on_change=_first_page,
            key="defect_kind",
            bind=IN_ADDRESS,
        )
        model = st.number_input(
            "model version",
            min_value=1,
            value=None,
            step=1,
            placeholder="any",
            on_change=_first_page,
            key="defect_model",
            bind=IN_ADDRESS,
        )
        shares = st.slider(
            "score, in limits (the right end: and above)",
            *WHOLE,
            WHOLE,
            0.05,
            on_change=_first_page,
            key="defect_shares",
            bind=IN_ADDRESS,
        )
    full = replace(chosen, lot=lot, kind=kind, model=int(model) if model else None, shares=shares)
    st.session_state["defect_further"] = further(full)
    return full


def _exports(asked: DefectFilter) -> None:
    """What the filters select, to take away; made when it is asked for."""
    settings = wiring.line().settings
    with st.popover("export"):
        st.caption(
            f"The newest {count_words(settings.export_rows)} rows that match, or {settings.export_pictures} parts."
        )
        st.download_button("table (CSV)", partial(selection_table, asked), "parts.csv", "text/csv", on_click="ignore")
        st.download_button(
            "folder of frames and maps (zip)",
            partial(selection_folder, asked),
            "parts.zip",
            "application/zip",
            on_click="ignore",
        )


def _asked_at() -> datetime:
    """When the parts on the page were asked for: a period does not move while one looks through them."""
    asked: datetime = st.session_state.setdefault("defect_asked_at", datetime.now(UTC))
    return asked


def _choice(name: str, known: list[str]) -> str:
    every = f"{ALL} {name}s"
    chosen = st.selectbox(
        name,
        [every, *known],
        label_visibility="collapsed",
        width=160,
        on_change=_first_page,
        key=f"defect_{name}",
        bind=IN_ADDRESS,
    )
    return "" if chosen == every else chosen


def _first_page() -> None:
    st.session_state.pop("defect_asked_at", None)
    st.session_state["defect_pages"] = []


def _pages() -> list[PartKey]:
    """Where each page after the first begins: keys, so that new parts do not push the pages."""
    pages: list[PartKey] = st.session_state.setdefault("defect_pages", [])
    return pages


def _parts(wanted: DefectFilter) -> list[Part]:
    """The page's parts. They stay while one looks through them, so that nothing moves under the hand."""
    here, pages = wiring.line(), _pages()
    before = pages[-1] if pages else None
    held = st.session_state.get("defect_parts")
    if held is None or held[0] != (wanted, before):
        parts = newest_parts(here.ledger.engine, wanted, before, here.settings.page_size)
        st.session_state["defect_parts"] = ((wanted, before), parts)
    kept: list[Part] = st.session_state["defect_parts"][1]
    return kept


def _renew() -> None:
    st.session_state.pop("defect_parts", None)
    _first_page()


def _nothing(wanted: DefectFilter) -> None:
    st.session_state.pop("defect_parts", None)
    if wanted == DefectFilter():
        show_next_step(
            "No defects yet",
            "Parts that are NG, REVIEW or ERROR appear here. To see some, let rendered parts with defects run:",
            "make demo",
        )
    else:
        st.subheader("No part matches these filters")
    st.button("Look again", on_click=_renew)


def _incomplete(wanted: DefectFilter) -> None:
    """Parts that lacked a view: no frame of theirs need be a defect, so that the gallery may not show them."""
    zone = st.context.timezone or "UTC"
    found = wiring.incomplete_parts(wanted.product)
    if not found or Decision.ERROR not in wanted.decisions:
        return
    many = f"{len(found)}+" if len(found) == wiring.INCOMPLETE_SHOWN else str(len(found))
    parts = "part" if many == "1" else "parts"
    with st.expander(f"{many} {parts} without all views in the last 24 hours: ERROR"):
        st.dataframe(
            [
                {"seen": clock_words(part.seen.first_seen_at, zone), "product": part.seen.product,
                 "part": part.seen.part_id, "lot": part.seen.lot, "why": part.detail}
                for part in found
            ],
            hide_index=True,
        )  # fmt: skip


@st.fragment
def _browse(parts: list[Part], wanted: DefectFilter) -> None:
    left, right = st.columns([1, 2.6], gap="small")
    zone = st.context.timezone or "UTC"
    now = datetime.now(UTC)
    with left:
        _turning(parts, wanted)
        chosen = gallery(
            data=gallery_data(parts, _maps(parts), wiring.thumbnails().of, now, zone),
            key="gallery",
            default={"selected": str(parts[0].key)},
            on_selected_change=lambda: None,
        )
    with right:
        selected = _selected(parts, chosen)
        link = selected.key.in_link
        st.markdown(f"[full story](part?part={link}) \u00b7 [judge this part](review?part={link})")
        part_view(data=_story(selected, now, zone), key="part")


def _selected(parts: list[Part], chosen: Any) -> Part:
    return next((part for part in parts if str(part.key) == chosen.get("selected")), parts[0])


def _maps(parts: list[Part]) -> Mapping[PartKey, StoredMap]:
    try:
        return wiring.small_maps(tuple(part.key for part in parts))
    except LedgerUnavailable:
        return {}


def _story(part: Part, now: datetime, zone: str) -> dict[str, Any]:
    stored, whole = None, ""
    try:
        stored, whole = wiring.stored_map(part.key), wiring.whole_part_words(part)
    except LedgerUnavailable:
        st.warning("Postgres does not answer: this part is shown without its map. Frames wait on the bus meanwhile.")
    return part_data(part, wiring.picture_or_reason(part.frame_uri), stored, now, zone, whole)


def _turning(parts: list[Part], wanted: DefectFilter) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Newer", disabled=not _pages(), key="newer"):
            _pages().pop()
            st.rerun()
        if st.button("Older", disabled=len(parts) < wiring.line().settings.page_size, key="older"):
            _pages().append(parts[-1].key)
            st.rerun()
        if not _pages():
            _newcomers(wanted, parts[0].key.captured_at)


@st.fragment(run_every=NEWER_EVERY_S)
def _newcomers(wanted: DefectFilter, after: datetime) -> None:
    """New parts are announced, never pushed in."""
    try:
        count = count_newer(wiring.line().ledger.engine, wanted, after)
    except LedgerUnavailable:
        st.caption("Postgres does not answer")
        return
    if count and st.button(f"{'99+' if count > 99 else count} new", type="primary", key="newcomers"):
        _renew()
        st.rerun()
