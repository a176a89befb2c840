"""Models: a product's versions, two of them side by side, what may be asked of the retrain station, and its answers."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import streamlit as st

from core.asking import ask_promotion, ask_rollback, ask_training
from core.errors import LineError
from core.request import Request, RequestState
from core.retraining import TrainingRun
from dashboard import wiring
from dashboard.read_models import products_with_model
from dashboard.versions import read_models
from dashboard.versions.letter import UNKNOWN, compared
from dashboard.versions.read_models import VersionRow
from dashboard.views.trouble import page_style, plain, say_no, show_error, show_next_step
from dashboard.who import person
from dashboard.words import clock_words, count_words, moment_words

ANSWERS_EVERY_S = 3.0
REQUESTS = 6
RUNS = 8
SIGNS = {
    RequestState.WAITING: "waits",
    RequestState.TAKEN: "is being done",
    RequestState.DONE: "done",
    RequestState.REFUSED: "refused",
}


def page() -> None:
    """The versions as a table, two of them compared, and the station's answers."""
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
        show_error(error)


def _product(product: str) -> None:
    rows = read_models.versions(wiring.line().ledger.engine, product)
    _table(rows)
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        _compare(rows)
    with right:
        _asking(product, rows)
        _answers(product)
    _runs(product)


def _table(rows: Sequence[VersionRow]) -> None:
    zone, now = st.context.timezone or "UTC", datetime.now(UTC)
    told = []
    for row in rows:
        facts = wiring.letter_of(row.version.bundle.uri).facts
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
            }
        )
    st.table(told, hide_index=True, border="horizontal")


def _compare(rows: Sequence[VersionRow]) -> None:
    ids = [row.version.id for row in rows]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**Compare**")
        one = st.selectbox("one version", ids, index=min(1, len(ids) - 1), label_visibility="collapsed", width=110)
        other = st.selectbox("the other version", ids, label_visibility="collapsed", width=110)
    letters = [
        wiring.letter_of(row.version.bundle.uri) for number in (one, other) for row in rows if row.version.id == number
    ]
    for number, letter in zip((one, other), letters, strict=True):
        if letter.problem:
            st.caption(plain(f"Version {number}: {letter.problem}."))
    told = [
        {"": name, f"version {one}": left, f"version {other} ": right, "differs": "\u2260" if differs else ""}
        for name, left, right, differs in compared(letters[0].facts, letters[1].facts)
    ]
    if told:
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
        st.markdown(f"**{SIGNS[each.state]}** {plain(each.answer or each.why)}  \n:gray[{plain(asked)}]")
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
    for step in wiring.line().ledger.steps(run.id):
        st.caption(plain(f"{step.at:%H:%M:%S} {step.text}"))
