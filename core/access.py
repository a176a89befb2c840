"""Who may do what. Every change asks here, in the service that makes it and not on the page that asks for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from core.errors import AccessDenied, ReasonMissing


class Role(StrEnum):
    """What a person is at this line; a person may have several roles, and none includes another."""

    OPERATOR = "operator"
    QUALITY = "quality"
    ENGINEER = "engineer"


MEANING = {
    Role.OPERATOR: "look at parts and review them",
    Role.QUALITY: "set thresholds and products, and answer for the golden parts",
    Role.ENGINEER: "change models, cameras and retraining",
}
"""What each role is for, as an error says it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks for something; `name` is what the audit writes down."""

    name: str
    roles: frozenset[Role]

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("a person has a name: the audit would not know whom to ask")

    @classmethod
    def at_this_machine(cls, name: str) -> Self:
        """Whoever has a shell or a local browser here: every role, for nothing here could be kept from them."""
        return cls(name, frozenset(Role))


def require(person: Person, role: Role) -> None:
    """Nothing, where the person has the role.

    Raises:
        AccessDenied: They do not; nothing was changed.
    """
    if role not in person.roles:
        raise AccessDenied(f"to {MEANING[role]}, {person.name} needs the role {role}; has {_said(person.roles)}")


def reason_of(why: str) -> str:
    """The reason somebody gives for a change, as the audit keeps it.

    Raises:
        ReasonMissing: They gave none; nothing was changed.
    """
    if not why.strip():
        raise ReasonMissing
    return why.strip()


def _said(roles: Iterable[Role]) -> str:
    return ", ".join(sorted(roles)) or "none"
