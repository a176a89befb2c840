"""One line across the top of Live for each alarm that nobody has answered for: what, since when, what to do."""

from datetime import UTC, datetime

import streamlit as st

from core.shift import Alarm
from core.shift_service import acknowledge
from dashboard import who, wiring
from dashboard.views.trouble import plain, say_no
from dashboard.words import moment_words


def show_alarms(alarms: tuple[Alarm, ...], wall: bool) -> None:
    """A wall screen shows them and has no hands; elsewhere they are acknowledged with a reason."""
    now, zone = datetime.now(UTC), st.context.timezone or "UTC"
    for alarm in alarms:
        told = f"**{plain(alarm.what)}** {plain(moment_words(alarm.raised_at, now, zone))}. {plain(alarm.remedy)}"
        if wall:
            st.error(told)
            continue
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.error(told)
            with st.popover("acknowledge", width=160):
                _answer(alarm)


def _answer(alarm: Alarm) -> None:
    why = st.text_input("Why may it go?", key=f"alarm_why_{alarm.id}")
    if st.button("Acknowledge", key=f"alarm_go_{alarm.id}"):
        with say_no():
            acknowledge(wiring.line().ledger, who.person(), alarm.id, datetime.now(UTC), why)
            wiring.live_snapshot.clear()
            st.rerun()
