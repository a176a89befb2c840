"""Alarms that nobody has answered for: a line across the top of Live, and on Shift start the place to answer."""

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from core.shift import Alarm
from core.shift_service import acknowledge
from dashboard import who, wiring
from dashboard.views.trouble import plain, say_no
from dashboard.words import moment_words


def show_alarms(alarms: Sequence[Alarm], wall: bool) -> None:
    """One line each: what, since when, what to do. Answers are typed elsewhere: this is drawn anew every second."""
    for alarm in alarms:
        st.error(_told(alarm) + ("" if wall else " [Answer for it](shift)"))


def answer_alarms(alarms: Sequence[Alarm]) -> None:
    """Each with a field for the reason why it may go."""
    for alarm in alarms:
        st.error(_told(alarm))
        with st.form(f"alarm_{alarm.id}", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
            why = st.text_input("Why may it go?", key=f"alarm_why_{alarm.id}", width=420)
            if st.form_submit_button("Acknowledge"):
                with say_no():
                    acknowledge(wiring.line().ledger, who.person(), alarm.id, datetime.now(UTC), why)
                    st.rerun()


def _told(alarm: Alarm) -> str:
    now, zone = datetime.now(UTC), st.context.timezone or "UTC"
    return f"**{plain(alarm.what)}** {plain(moment_words(alarm.raised_at, now, zone))}. {plain(alarm.remedy)}"
