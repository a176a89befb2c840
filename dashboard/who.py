"""Who looks at the page. Without a login it is whoever has an account on this machine."""

import getpass

from core.access import Person


def person() -> Person:
    """The viewer, with all that they may do."""
    return Person.at_this_machine(getpass.getuser())
