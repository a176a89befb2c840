"""Who a login says somebody is: pure. From a token's claims to a person with roles, or to why it is nobody."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlsplit

from core.access import Person, Role
from core.errors import NotLoggedIn, SettingRefused

Claims = Mapping[str, Any]
RoleTable = Mapping[str, frozenset[Role]]

NEEDED = ("client_id", "client_secret", "cookie_secret", "redirect_uri", "server_metadata_url")
SHORTEST_COOKIE_SECRET = 32
CALLBACK = "/oauth2callback"


@dataclass(frozen=True, slots=True)
class RoleRules:
    """How claims become roles.

    `claim` names the claim that lists roles or groups, with dots for what is nested (`realm_access.roles`); empty:
    none does. `groups` says which roles a value of it gives; where it is empty, the values are the roles' own names.
    `people` adds roles by name. `name_claim` holds what a person is called in the audit and in `people`.
    """

    claim: str = ""
    name_claim: str = "email"
    groups: RoleTable = field(default_factory=dict)
    people: RoleTable = field(default_factory=dict)

    @classmethod
    def of(cls, claim: str, name_claim: str, table: str) -> Self:
        """The rules with the tables of a TOML text: [groups] and [people], each `name = ["operator", ...]`.

        Raises:
            SettingRefused: It is not such a text.
        """
        try:
            tables = tomllib.loads(table)
            return cls(claim, name_claim, _table(tables.pop("groups", {})), _table(tables.pop("people", {})))
        except (ValueError, AttributeError, TypeError) as error:
            raise SettingRefused(f"DASHBOARD_ROLES_FILE: {error}") from error


def person_of(claims: Claims, rules: RoleRules, now: datetime) -> Person:
    """Whoever these claims of a login are about, who may have no role.

    Raises:
        NotLoggedIn: Nobody is, or the login's time is over.
    """
    if not claims.get("is_logged_in"):
        raise NotLoggedIn
    ends = login_ends(claims)
    if now >= ends:
        raise NotLoggedIn(f"your login ended at {ends:%H:%M} UTC")
    name = _name(claims, rules.name_claim)
    return Person(name, _roles(claims, rules, name))


def login_ends(claims: Claims) -> datetime:
    """When the token ends; one that does not say so has ended."""
    ends = claims.get("exp")
    if isinstance(ends, bool) or not isinstance(ends, int | float):
        return datetime.min.replace(tzinfo=UTC)
    try:
        return datetime.fromtimestamp(ends, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.min.replace(tzinfo=UTC)


def host_of_login(text: str) -> str:
    """The host name under which people reach the dashboard, from the file that DASHBOARD_LOGIN_FILE names.

    Raises:
        SettingRefused: The file does not hold all that a login needs.
    """
    try:
        section = tomllib.loads(text)["auth"]
        missing = [name for name in NEEDED if not isinstance(section.get(name), str) or not section[name]]
    except (ValueError, KeyError, AttributeError) as error:
        raise SettingRefused("DASHBOARD_LOGIN_FILE: it is no TOML with a section [auth]") from error
    if missing:
        raise SettingRefused(f"DASHBOARD_LOGIN_FILE: [auth] lacks {', '.join(missing)}")
    if len(section["cookie_secret"]) < SHORTEST_COOKIE_SECRET:
        raise SettingRefused(f"DASHBOARD_LOGIN_FILE: cookie_secret is shorter than {SHORTEST_COOKIE_SECRET} characters")
    return _host(section["redirect_uri"])


def _host(redirect_uri: str) -> str:
    parts = urlsplit(redirect_uri)
    if parts.scheme not in ("http", "https") or not parts.hostname or not parts.path.endswith(CALLBACK):
        raise SettingRefused(f"DASHBOARD_LOGIN_FILE: redirect_uri must be https://HOST{CALLBACK}")
    return parts.hostname


def _name(claims: Claims, name_claim: str) -> str:
    """An address that the provider has not verified could be anybody's: then the subject, which nobody can choose."""
    said, subject = (_printable(claims.get(name)) for name in (name_claim, "sub"))
    trusted = name_claim != "email" or claims.get("email_verified") is True
    if not (said and trusted) and not subject:
        raise NotLoggedIn("the provider does not say who you are: its token has no subject")
    return said if said and trusted else subject


def _printable(claim: Any) -> str:
    return "".join(letter for letter in str(claim or "") if letter.isprintable()).strip()


def _roles(claims: Claims, rules: RoleRules, name: str) -> frozenset[Role]:
    groups = rules.groups or {role.value: frozenset({role}) for role in Role}
    given = [groups.get(value, frozenset()) for value in _values(claims, rules.claim)]
    return frozenset[Role]().union(*given, rules.people.get(name, frozenset()))


def _values(claims: Claims, claim: str) -> list[str]:
    """One text or a list of texts; anything else gives nothing."""
    found: Any = claims
    for step in claim.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    found = [found] if isinstance(found, str) else found
    return [value for value in found if isinstance(value, str)] if isinstance(found, list | tuple) else []


def _table(entries: Mapping[str, Any]) -> RoleTable:
    for name, roles in entries.items():
        if not isinstance(roles, list):
            raise TypeError(f"{name} must have a list of roles")
    return {name: frozenset(Role(role) for role in roles) for name, roles in entries.items()}
