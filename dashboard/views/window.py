"""The stretch of time that a link to Defects asks for: the filters begin with it, and lead out of it."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from dashboard.story.filters import Linked, linked
from dashboard.story.read_models import DefectFilter
from dashboard.views.trouble import plain
from dashboard.words import clock_words

ALL = "all"


def link_of(products: list[str], cameras: list[str], first_page: Callable[[], None]) -> Linked | None:
    """What the address asks for, if anything; the filters take it over once, and may be changed then."""
    link = linked(st.query_params.to_dict(), products, cameras)
    if link is not None and st.session_state.get("defect_linked") != link:
        st.session_state["defect_decisions"] = list(link.decisions)
        st.session_state["defect_product"] = link.product or f"{ALL} products"
        st.session_state["defect_camera"] = link.camera or f"{ALL} cameras"
        first_page()
    st.session_state["defect_linked"] = link
    return link


def within(link: Linked | None, asked: DefectFilter) -> DefectFilter:
    """The filter, within the link's stretch of time."""
    if link is None:
        return asked
    since = max(link.since, asked.since) if asked.since else link.since
    return replace(asked, since=since, until=link.until)


def window(link: Linked | None, first_page: Callable[[], None]) -> None:
    """Which stretch of time it is, and the way out of it."""
    if link is None:
        return
    zone = st.context.timezone or "UTC"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(plain(f"From {clock_words(link.since, zone)} to {clock_words(link.until, zone)}"))
        st.button("Any other time", on_click=_leave, args=(first_page,), key="defect_leave_window")


def _leave(first_page: Callable[[], None]) -> None:
    st.query_params.clear()
    first_page()
