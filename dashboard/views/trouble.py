"""What a page says when something it needs is away, and what to do on a fresh install."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import streamlit as st
import structlog

from core.errors import (
    AccessDenied,
    LineError,
    NotLoggedIn,
    ReasonMissing,
    ReviewConflict,
    UnknownAlarm,
    UnknownModel,
    UnknownPart,
)
from dashboard import wiring
from dashboard.live_snapshot import Trouble
from dashboard.read_models import places

log = structlog.get_logger("dashboard")

RETRY_EVERY_S = 3.0

TOLD_IN_FULL = (AccessDenied, NotLoggedIn, ReasonMissing, ReviewConflict, UnknownAlarm, UnknownModel, UnknownPart)
"""Refusals whose detail is written for whoever asked; that of any other may be a driver's."""
STYLE = """<style>
[data-stale="true"] { opacity: 1 !important; transition: none !important; }
[data-testid="stStatusWidget"], [data-testid="stDecoration"] { display: none !important; }
.stMainBlockContainer { padding: 68px 16px 8px 16px !important; max-width: none !important; }
[data-testid="stVerticalBlock"] { gap: 0.6rem; }
[data-testid^="stBaseButton-primary"] { color: light-dark(#FFFFFF, #14171A) !important; }
</style>"""
WALL_STYLE = """<style>
[data-testid="stHeader"], [data-testid="stSidebar"] { display: none !important; }
.stMainBlockContainer { padding: 0.5rem !important; }
[data-testid="stAlert"] p { font-size: 28px; line-height: 1.25; }
</style>"""


def page_style(wall: bool = False) -> None:
    """Constant rules only: pictures get the room, and what updates every second does not fade meanwhile."""
    st.html(STYLE + (WALL_STYLE if wall else ""))


def plain(words: str) -> str:
    """The words with everything escaped that Markdown would read as markup."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]()<>#+-.!|~$:&" else letter for letter in words)


def show_trouble(trouble: Trouble, age: str) -> None:
    """One line: what, from when the shown is (`age` is empty where nothing is), what still works, what to do."""
    shown = f"What is shown is {plain(age)} old." if age else "Nothing was seen since this page's server started."
    st.warning(f"**{plain(trouble.what)}** {shown} {plain(trouble.works)} {plain(trouble.remedy)}")


def show_away(error: LineError) -> None:
    """As `show_error`, on a page that is drawn once: it is drawn anew as soon as Postgres answers."""
    show_error(error)
    _until_it_is_back(datetime.now(UTC))


@st.fragment(run_every=RETRY_EVERY_S)
def _until_it_is_back(drawn_at: datetime) -> None:
    if (datetime.now(UTC) - drawn_at).total_seconds() < RETRY_EVERY_S / 2:
        return  # the page has just failed: at once again would be without end
    try:
        places(wiring.line().ledger.engine)
    except LineError:
        return
    st.rerun()


def show_error(error: LineError) -> None:
    """Nothing can be shown; the error's class says what to do, its detail is for the log alone.

    For what looks again by itself, as a fragment with a clock does; else it is `show_away` that keeps the promise.
    """
    log.warning("page_had_nothing_to_show", error=str(error))
    st.error(f"**This page has nothing to show yet.** {plain(' '.join((type(error).__doc__ or '').split()))}")
    st.caption("It tries again by itself. Inspection does not depend on this page.")


@contextmanager
def say_no() -> Iterator[None]:
    """Where a change is refused, say why on the page; nothing was changed. Other details are for the log alone."""
    try:
        yield
    except LineError as error:
        is_meant = isinstance(error, TOLD_IN_FULL)
        if not is_meant:
            log.warning("change_was_not_made", error=str(error))
        detail = f" ({error.detail})" if error.detail and is_meant else ""
        st.error(plain(" ".join((type(error).__doc__ or "").split()) + detail))


def show_next_step(title: str, words: str, command: str) -> None:
    """An empty state: what is missing, and the command that brings it."""
    st.subheader(plain(title))
    st.markdown(plain(words))
    st.code(command, language="bash")
