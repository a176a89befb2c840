"""Who looks at a page: `person()`. Asked anew each time, for a login may end while a page is open."""

import getpass
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from core.access import Person
from core.errors import SettingRefused
from dashboard.login import RoleRules, person_of
from dashboard.settings import DashboardSettings

RULES_S = 5.0


def person() -> Person:
    """Whoever looks at this page: with a login, what its token says; without one, somebody at this machine.

    Raises:
        NotLoggedIn: Nobody is, or the login's time is over.
        SettingRefused: The table of roles cannot be read: then nobody has any.
    """
    here = settings()
    if not here.login_file:
        return Person.at_this_machine(here.local_name or user_of_this_machine())
    return person_of(st.user.to_dict(), _rules(), datetime.now(UTC))


@st.cache_resource(show_spinner=False)
def settings() -> DashboardSettings:
    """Read once per process."""
    return DashboardSettings()


def user_of_this_machine() -> str:
    """What the system calls its user; a container's may have no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "local"


def read_setting_file(variable: str, path: str) -> str:
    """The text of a file that a setting names; no path is no text.

    Raises:
        SettingRefused: It cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingRefused(f"{variable}: {type(error).__name__} at {path}") from error


@st.cache_data(ttl=RULES_S, show_spinner=False)
def _rules() -> RoleRules:
    """At most five seconds old: a role that is taken away ends soon, without a restart."""
    here = settings()
    table = read_setting_file("DASHBOARD_ROLES_FILE", here.roles_file)
    return RoleRules.of(here.roles_claim, here.name_claim, table)
