"""Synthetic defects on a product's good parts, to be looked at before a model learns from them."""

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from core.asking import ask_preview
from core.errors import LineError
from core.preview import drawn_in, words_in
from core.request import Request, RequestState
from dashboard import wiring
from dashboard.components.registered import gallery
from dashboard.components.registered import part as part_view
from dashboard.products import wiring as seen
from dashboard.products.preview_page import newest_preview, preview_large, preview_tiles
from dashboard.views.trouble import plain, say_no, show_error
from dashboard.who import person
from dashboard.words import moment_words

LOOK_EVERY_S = 2.0
AMONG = 20
"""Newest requests of the product among which its preview is looked for."""


def preview(name: str, uploaded: Sequence[str]) -> None:
    """Ask for defects on the pictures in the uploader, else on good parts that the line kept; and see them."""
    st.markdown("**Synthetic defects**")
    st.caption(
        "What a model of this product would be taught: defects drawn on the good pictures above, "
        "or on good parts that the line kept."
    )
    if st.button("Draw defects", key=f"draw/{name}"):
        _ask(name, uploaded)
    _answer(name)


def _ask(name: str, uploaded: Sequence[str]) -> None:
    uris = list(uploaded[: seen.DRAWN_ON]) or seen.good_pictures(name)
    if not uris:
        st.info("There is no good picture of this product yet: choose some above first.")
        return
    with say_no():
        request = ask_preview(wiring.line().ledger, person(), name, uris, datetime.now(UTC))
        st.toast(f"Asked as request {request.id}: the retrain station draws within seconds.")


def _answer(name: str) -> None:
    """Looks again only while an answer is awaited: what is looked at stays still."""
    request = newest_preview(wiring.line().ledger.requests(name, AMONG))
    if request is None:
        return
    if request.state in (RequestState.WAITING, RequestState.TAKEN):
        _await(name, request.id)
    else:
        _drawn(request)


@st.fragment(run_every=LOOK_EVERY_S)
def _await(name: str, number: int) -> None:
    try:
        request = newest_preview(wiring.line().ledger.requests(name, AMONG))
    except LineError as error:
        show_error(error)
        return
    if request is None or request.id != number or request.state not in (RequestState.WAITING, RequestState.TAKEN):
        st.rerun()
    st.caption(f"Request {number} waits for the retrain station.")
    if (datetime.now(UTC) - request.asked_at).total_seconds() > 60:
        st.warning("It waits for more than a minute: does the retrain station run? `python -m retrain`")


@st.fragment
def _drawn(request: Request) -> None:
    drawn, zone = drawn_in(request.answer), st.context.timezone or "UTC"
    when = moment_words(request.answered_at or request.asked_at, datetime.now(UTC), zone)
    st.caption(plain(f"{when}, request {request.id}: {words_in(request.answer)}"))
    if not drawn:
        return
    chosen = gallery(
        data=preview_tiles(drawn, seen.small),
        key=f"preview/{request.id}",
        default={"selected": None},
        on_selected_change=lambda: None,
    )
    places = {each.picture_uri: place for place, each in enumerate(drawn)}
    place = places.get(chosen.get("selected") or "", 0)
    part_view(data=preview_large(place + 1, drawn[place], seen.large), key=f"preview_large/{request.id}")
