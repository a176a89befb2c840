"""Login: the page of those who are not logged in, and the line that tells everybody else who they are here."""

import streamlit as st

from core.access import Person
from core.errors import LineError, NotLoggedIn
from dashboard import who
from dashboard.views.trouble import page_style, plain, show_away

EVERY_S = 5.0


def page(error: LineError) -> None:
    """Nothing of the line, one button, and why."""
    page_style()
    if not isinstance(error, NotLoggedIn):
        show_away(error)
        return
    st.subheader("Line inspection")
    if error.detail:
        st.warning(plain(f"{error.detail[0].upper()}{error.detail[1:]}."))
    st.markdown("Log in to look at the line.")
    st.button("Log in", type="primary", key="log_in", on_click=st.login)


def bar(person: Person) -> None:
    """Who looks, with which roles; whom to ask where there are none."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(plain(f"{person.name} \u00b7 {', '.join(sorted(person.roles)) or 'no role'}"))
        if not person.roles:
            contact = plain(who.settings().roles_contact)
            st.caption(f"You can look at everything. To review parts or change anything, ask {contact} for a role.")
        st.button("Log out", type="tertiary", key="log_out", on_click=st.logout)


@st.fragment(run_every=EVERY_S)
def watch() -> None:
    """A page that stays open ends with its login: what it shows goes away within seconds."""
    try:
        who.person()
    except LineError:
        st.rerun()
