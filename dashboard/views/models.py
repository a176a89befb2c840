"""Models: a product's versions, two of them side by side, what may be asked of the retrain station, and its answers."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import streamlit as st

from core.asking import ask_promotion, ask_rollback, ask_training
from core.errors import LineError
from core.preview import words_in
from core.request import Request, RequestState
from core.retraining import TrainingRun
from dashboard import wiring
from dashboard.nights.chart import measured_by, night_chart
from dashboard.nights.read_models import Night, figures_of, nights
from dashboard.read_models import products_with_model
from dashboard.theme import DARK, LIGHT
from dashboard.versions import read_models
from dashboard.versions.letter import UNKNOWN
from dashboard.versions.read_models import VersionRow
from dashboard.views.compared import compare
from dashboard.views.trouble import page_style, plain, say_no, show_away, show_error, show_next_step
from dashboard.who import person
from dashboard.words import clock_words, count_words, moment_words

ANSWERS_EVERY_S = 3.0
REQUESTS = 6
RUNS = 8
ROOM_FOR_AXES = "<style>.st-key-night_box { padding-right: 84px; }</style>"
"""Rows that stand below each other are made as wide as their box, and their axes come on top."""
SIGNS = {
    RequestState.WAITING: "waits",
    RequestState.TAKEN: "is being done",
    RequestState.DONE: "done",
    RequestState.REFUSED: "refused",
}


def page() -> None:
    """The versions as a table, their nights, two of them compared, and the station's answers."""
    page_style()
    try:
        products = products_with_model(wiring.line().ledger.engine)
        if not products:
            show_next_step(
                "No model yet",
                "Import good pictures on the page Products and train from there, or in a terminal:",
                "python -m model train --images GOOD --out BUNDLE\n"
                "python -m retrain promote --product PRODUCT --bundle BUNDLE",
            )
            return
        product = st.selectbox("product", products, label_visibility="collapsed", width=220, key="models_product")
        _product(product)
    except LineError as error:
        show_away(error)


def _product(product: str) -> None:
    engine = wiring.line().ledger.engine
    rows, measured = read_models.versions(engine, product), nights(engine, product)
    _table(rows, measured)
    left, right = st.columns([1.5, 1], gap="medium")
    with right:
        _asking(product, rows)
        _answers(product)
        _runs(product)
    with left:
        _nights(measured)
    compare(product, rows, measured)


def _nights(measured: Sequence[Night]) -> None:
    st.markdown("**Quality over the nights**")
    if not measured_by(measured):
        st.caption("From the first night that makes a candidate: what the gate measured of it and of the active model.")
        return
    colours = DARK if st.context.theme.type == "dark" else LIGHT
    st.html(ROOM_FOR_AXES)
    with st.container(key="night_box"):
        st.altair_chart(night_chart(measured, colours), key="night_chart", width="stretch")


def _table(rows: Sequence[VersionRow], measured: Sequence[Night]) -> None:
    zone, now = st.context.timezone or "UTC", datetime.now(UTC)
    told = []
    for row in rows:
        facts, figures = wiring.letter_of(row.version.bundle.uri).facts, figures_of(measured, row.version.id)
        told.append(
            {
                "version": row.version.id,
                "": "judges now" if row.is_active else "",
                "made": clock_words(row.version.created_at, zone)[:16],
                "by": row.who,
                "promoted": moment_words(row.promoted_at, now, zone) if row.promoted_at else "never",
                "limits": f"{row.limits.review_from:.4g} / {row.limits.reject_from:.4g}" if row.limits else UNKNOWN,
                "judged": count_words(row.judged),
                "rejected": f"{1000 * row.rejected / row.judged:.2f} \u2030" if row.judged else UNKNOWN,
                "pictures": facts.get("pictures learned from", UNKNOWN),
                "training data": facts.get("training data", UNKNOWN),
                "w": facts.get("weight w", UNKNOWN),
                "encoder": facts.get("encoder", UNKNOWN),
                "AUROC": figures.get("golden image AUROC", UNKNOWN),
                "caught": figures.get("confirmed defects caught, %", UNKNOWN),
                "ms": figures.get("ms per picture", UNKNOWN),
                "parity": facts.get("parity", UNKNOWN).partition(" on ")[0],
            }
        )
    st.table(told, hide_index=True, border="horizontal")


def _asking(product: str, rows: Sequence[VersionRow]) -> None:
    """Request rows: the retrain station does them, and says what came of it."""
    active = next((row.version.id for row in rows if row.is_active), None)
    with st.form(f"ask/{product}", border=True):  # of its own: a reason is given for one product
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            chosen = st.selectbox("version", [row.version.id for row in rows], width=110)
            why = st.text_input("reason", placeholder="others read it later", width="stretch")
        with st.container(horizontal=True, gap="small"):
            promote = st.form_submit_button("Promote this version")
            # By its key the button is another one once another model judges: a click on what was shown before is lost.
            back = st.form_submit_button(
                "Roll back to the one before", key=f"roll_back_{active}", disabled=active is None
            )
            train = st.form_submit_button("Retrain now")
    requests, now = wiring.line().ledger, datetime.now(UTC)
    if promote:
        _ask(lambda: ask_promotion(requests, person(), product, chosen, now, why))
    if back and active is not None:
        _ask(lambda: ask_rollback(requests, person(), product, active, now, why))
    if train:
        _ask(lambda: ask_training(requests, person(), product, now, why))


def _ask(asked: Callable[[], Request]) -> None:
    with say_no():
        st.toast(f"Asked as request {asked().id}: the retrain station answers below.")


@st.fragment(run_every=ANSWERS_EVERY_S)
def _answers(product: str) -> None:
    """What was asked of late, and what came of it."""
    try:
        found = wiring.line().ledger.requests(product, REQUESTS)
    except LineError as error:
        show_error(error)
        return
    now, zone = datetime.now(UTC), st.context.timezone or "UTC"
    for each in found:
        asked = f"{each.kind.value} \u00b7 {each.who} \u00b7 {moment_words(each.asked_at, now, zone)}"
        st.markdown(f"**{SIGNS[each.state]}** {plain(words_in(each.answer) or each.why)}  \n:gray[{plain(asked)}]")
    if any(each.state is RequestState.WAITING and (now - each.asked_at).total_seconds() > 60 for each in found):
        st.warning("A request waits for more than a minute: does the retrain station run? `python -m retrain`")


def _runs(product: str) -> None:
    runs = wiring.line().ledger.training_runs(product, RUNS)
    if not runs:
        return
    st.markdown("**Trainings, and what the gate said**")
    for run in runs:
        with st.expander(plain(f"{run.slot}: {run.state.value}. {run.outcome}")):
            _run(run)


def _run(run: TrainingRun) -> None:
    for title, lines in (("why", run.reasons), ("doubts", run.doubts), ("the gate", run.verdict)):
        for words in lines:
            st.markdown(f":gray[{title}] {plain(words)}")
    figures = [
        {"figure": name, "active": (run.before or {}).get(name), "candidate": value}
        for name, value in (run.after or {}).items()
    ]
    if figures:
        st.table(figures, hide_index=True, border="horizontal")
    zone = st.context.timezone or "UTC"
    for step in wiring.line().ledger.steps(run.id):
        st.caption(plain(f"{clock_words(step.at, zone)} {step.text}"))
