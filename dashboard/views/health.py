"""Health: how cameras, bus and workers are, and what the last 24 hours were like."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from core.errors import LedgerUnavailable, LineError
from dashboard import wiring
from dashboard.components.registered import health
from dashboard.health.page_data import HealthView, health_data
from dashboard.health.read_models import DayRow
from dashboard.views.trouble import page_style, plain, show_error
from dashboard.words import span_words, time_zone

EVERY_S = 2.0
AWAY = "Postgres does not answer. Frames wait on the bus and are judged when it is back. Check DATABASE_URL."
DAY_LATE = "Postgres did not count the last 24 hours in time; the rest of this page is current."


def page() -> None:
    """The page: its frame is drawn once, what is in it every two seconds."""
    page_style()
    _line()


@st.fragment(run_every=EVERY_S)
def _line() -> None:
    notices = st.container()
    try:
        view = _view()
        stale_after_s = wiring.line().settings.stale_after_s
    except LineError as error:
        show_error(error)
        return
    now = datetime.now(UTC)
    with notices:
        if (age_s := (now - view.taken_at).total_seconds()) > 3 * EVERY_S:
            st.warning(f"**{plain(AWAY)}** What is shown is {plain(span_words(age_s))} old.")
        day = _day()
    zone = time_zone(st.context.timezone or "UTC")
    health(data=_data(view, day, zone, stale_after_s), key="health")


def _data(view: HealthView, day: Sequence[DayRow], zone: Any, stale_after_s: float) -> dict[str, Any]:
    """Ages are those at the moment that is shown: what is old is said once, above."""
    return health_data(view, day, view.taken_at, zone, stale_after_s)


def _view() -> HealthView:
    """The present, or the last this viewer saw while Postgres is away."""
    try:
        st.session_state["health_view"] = wiring.health_view()
    except LedgerUnavailable:
        if "health_view" not in st.session_state:
            raise
    seen: HealthView = st.session_state["health_view"]
    return seen


def _day() -> Sequence[DayRow]:
    try:
        st.session_state["health_day"] = wiring.day_rows()
    except LedgerUnavailable:
        st.caption(plain(DAY_LATE))
    seen: Sequence[DayRow] = st.session_state.get("health_day", ())
    return seen
