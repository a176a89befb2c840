"""Review: one part at a time, large; keys decide, and the next parts are in the browser before they are asked for."""

from datetime import UTC, datetime
from typing import Any

import streamlit as st

from core.errors import LineError
from dashboard import who
from dashboard.components.registered import review as review_view
from dashboard.read_models import Part, PartKey
from dashboard.review import wiring
from dashboard.review.bookings import Session, bookings_of, frame_key, settle
from dashboard.review.ordering import most_uncertain_first
from dashboard.review.page_data import review_part
from dashboard.review.turns import turn_of
from dashboard.views.trouble import page_style, show_away
from dashboard.wiring import line

AHEAD = 12
"""Parts sent before they are needed: what somebody types in a burst."""
PER_ROUND = 4
"""New parts put into one answer, so that it comes soon."""
EVERY_S = 4.0
ALL = "all products"


def page() -> None:
    """The queue's choice on one line, then the part."""
    page_style()
    try:
        product = _product()
        asked = _asked_part()
    except LineError as error:
        show_away(error)
        return
    if asked is None and st.query_params.get("part"):
        st.info("The part of this link is not here any more. What you see is the next one that waits.")
    _desk(product, asked)


def _product() -> str:
    products = sorted(wiring.recipes())
    if len(products) < 2:
        return ""
    chosen = st.selectbox("product", [ALL, *products], label_visibility="collapsed", width=220, key="review_product")
    return "" if chosen == ALL else chosen


def _asked_part() -> Part | None:
    """The part that the address names, of whatever decision: how a missed defect is reported."""
    words = st.query_params.get("part", "")
    try:
        return wiring.one_part(PartKey.of(words)) if words else None
    except ValueError:
        return None


@st.fragment(run_every=EVERY_S)
def _desk(product: str, asked: Part | None) -> None:
    """Always drawn, whatever is away: the browser's desk holds what was judged and is not booked yet."""
    session: Session = st.session_state.setdefault("review_session", Session())
    state = st.session_state.get("review_desk")
    sent = state.get("sent") if state else None
    trouble = _settle(session, sent)
    data = {"trouble": trouble, "results": dict(session.settled), "judged": session.judged}
    data |= {"scope": product, "asked": str(asked.key) if asked else "", "who": _name()}
    try:
        data |= _waiting(session, product, asked, sent)
    except LineError as error:
        data |= {"parts": [], "order": [], "left": None, "others": 0, "trouble": wiring.judge_again(error)}
    review_view(data=data, key="review_desk", default={"sent": None}, on_sent_change=lambda: None)


def _name() -> str:
    """Whose desk it is; empty where nobody can be named just now."""
    try:
        return who.person().name
    except LineError:
        return ""


def _settle(session: Session, sent: Any) -> str:
    """Settle what is new; what to say where that was not possible."""
    bookings = bookings_of(sent)
    if sent:  # a browser that is back from another page has not sent yet, and asks for answers it has not seen
        session.forget_all_but(bookings)
    try:
        new = settle(session, bookings, who.person(), line().ledger, wiring.mask, datetime.now(UTC))
        wiring.remember_looks(new)
    except LineError as error:
        return wiring.judge_again(error)
    if new:
        wiring.queue.clear()
        st.session_state["review_acted_at"] = datetime.now(UTC)
    return ""


def _waiting(session: Session, product: str, asked: Part | None, sent: Any) -> dict[str, Any]:
    """The next parts: all by id in order, and in full those that the browser does not have yet."""
    now, zone = datetime.now(UTC), st.context.timezone or "UTC"
    had = set(sent.get("have", [])) if isinstance(sent, dict) else set()
    person, queue = who.person(), wiring.queue(product)
    open_ones = [part for part in queue.of(person.name) if not session.has_said(frame_key(part.key))]
    acted_at = st.session_state.setdefault("review_acted_at", now)
    turn = turn_of(person, most_uncertain_first(open_ones), AHEAD, acted_at, line().ledger, now)
    first = [asked] if asked else []
    order = (first + [part for part in turn.parts if not asked or part.key != asked.key])[:AHEAD]
    fresh = [part for part in order if str(part.key) not in had][:PER_ROUND]
    return {
        "order": [str(part.key) for part in order],
        "parts": [review_part(wiring.shown(part), now, zone) for part in fresh],
        "left": turn.free,
        "more": "+" if queue.is_cut else "",
        "others": turn.others,
    }
