"""Live: a tile per camera, new within two seconds of the verdict."""

from datetime import UTC, datetime

import streamlit as st

from core.errors import LineError
from core.inspection import TrainingProgress
from dashboard import wiring
from dashboard.components.registered import wall
from dashboard.live_snapshot import LiveSnapshot
from dashboard.tiles import wall_data
from dashboard.views.alarms import show_alarms
from dashboard.views.trouble import page_style, plain, show_error, show_next_step, show_trouble
from dashboard.words import span_words

EVERY_S = 1.0


def page() -> None:
    """The page: its frame is drawn once, the line inside it every second."""
    big = st.query_params.get("wall") == "1"
    page_style(big)
    _line(big)


@st.fragment(run_every=EVERY_S)
def _line(big: bool) -> None:
    try:
        snapshot = wiring.live_snapshot()
        settings = wiring.line().settings
    except LineError as error:
        show_error(error)
        return
    now = datetime.now(UTC)
    notices = st.container()
    with notices:
        show_alarms(snapshot.ledger.alarms, big)
        _troubles(snapshot, now)
        for training in running(snapshot.ledger.trainings, now, settings.training_forgotten_after_h):
            _training(training)
        _next_step(snapshot, now, settings.training_forgotten_after_h)
    if snapshot.cameras:
        wall(data=wall_data(snapshot, now, settings.stale_after_s, big), key="wall")


def running(trainings: tuple[TrainingProgress, ...], now: datetime, forgotten_after_h: float) -> list[TrainingProgress]:
    """Those that are under way: not finished, and heard of lately."""
    return [
        training
        for training in trainings
        if training.share < 1 and (now - training.reported_at).total_seconds() < 3600 * forgotten_after_h
    ]


def _troubles(snapshot: LiveSnapshot, now: datetime) -> None:
    for trouble in snapshot.troubles:
        show_trouble(trouble, span_words((now - trouble.since).total_seconds()) if snapshot.cameras else "")


def _training(training: TrainingProgress) -> None:
    share = min(max(training.share, 0.0), 1.0)
    told = f"Training **{plain(training.product)}**: {100 * share:.0f} % \u00b7 {plain(training.stage)}"
    st.progress(share, text=told)


def _next_step(snapshot: LiveSnapshot, now: datetime, forgotten_after_h: float) -> None:
    ledger = snapshot.ledger
    if snapshot.cameras or snapshot.troubles:
        return
    if running(ledger.trainings, now, forgotten_after_h):
        st.caption("The cameras start when the model is trained; their tiles appear here by themselves.")
    elif ledger.products:
        product = ledger.products[0]
        show_next_step(
            "No camera has reported yet",
            f"There is a model for {product}. Start a camera and a worker, each in a terminal of its own:",
            f"python -m ingest --camera line1-top --product {product} --source folder:IMAGES --rate 5\n"
            "python -m worker",
        )
    else:
        show_next_step(
            "Nothing is inspected yet",
            "See the whole line run on rendered parts, with one command in the project's folder:",
            "make demo",
        )
        st.markdown("Or train a model on a folder of your own good parts, and make it active:")
        st.code(
            "python -m model train --images GOOD --out BUNDLE\n"
            "python -m retrain promote --product PRODUCT --bundle BUNDLE",
            language="bash",
        )
