"""From a login's claims to a person: what is believed, what is not, and when it ends."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import Person, Role
from core.errors import NotLoggedIn, SettingRefused
from dashboard.__main__ import LOCAL_NAMES, access_options, main
from dashboard.login import RoleRules, host_of_login, person_of
from dashboard.settings import DashboardSettings

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
AUTH = """[auth]
client_id = "line"
client_secret = "not for anybody else"
cookie_secret = "a sentence of at least 32 characters"
redirect_uri = "https://line.plant.example/oauth2callback"
server_metadata_url = "https://login.plant.example/.well-known/openid-configuration"
"""
TEXT = st.sampled_from(["", " ", "x", "quality", "anna@plant.example", "\x00", "\ud800"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def claims(**changes: Any) -> dict[str, Any]:
    told = {"is_logged_in": True, "sub": "u-17", "email": "anna@plant.example", "email_verified": True}
    return told | {"exp": NOW.timestamp() + 60, "roles": ["quality"]} | changes


def rules(claim: str = "roles", name_claim: str = "email", table: str = "") -> RoleRules:
    return RoleRules.of(claim, name_claim, table)


def test_a_login_becomes_a_person_with_the_roles_of_the_claim() -> None:
    """Its name is what the audit will say."""
    assert person_of(claims(), rules(), NOW) == Person("anna@plant.example", frozenset({Role.QUALITY}))


def test_nobody_is_logged_in_without_a_login() -> None:
    """An empty token is nobody, and so is one that says so itself."""
    for told in ({}, claims(is_logged_in=False)):
        with pytest.raises(NotLoggedIn):
            person_of(told, rules(), NOW)


def test_a_login_ends_with_its_token() -> None:
    """To the second; the words say when it was."""
    assert person_of(claims(exp=NOW.timestamp() + 1), rules(), NOW)
    with pytest.raises(NotLoggedIn, match="ended at 12:00 UTC"):
        person_of(claims(exp=NOW.timestamp()), rules(), NOW)


@pytest.mark.parametrize("exp", [None, "tomorrow", True, float("nan"), float("inf"), -1e300, 10**30])
def test_a_token_that_does_not_say_when_it_ends_has_ended(exp: object) -> None:
    """Nothing lasts for ever by mistake."""
    with pytest.raises(NotLoggedIn):
        person_of(claims(exp=exp), rules(), NOW)


def test_roles_the_line_does_not_know_give_nothing() -> None:
    """Nor do other spellings, nor a claim of another form."""
    for value in (["admin", "Quality", 3, None], {"quality": True}, 7, None, "engineers"):
        assert person_of(claims(roles=value), rules(), NOW).roles == frozenset()


def test_one_role_may_come_as_a_text_and_a_claim_may_be_nested() -> None:
    """As providers differ."""
    assert person_of(claims(roles="operator"), rules(), NOW).roles == {Role.OPERATOR}
    nested = claims(realm_access={"roles": ["engineer"]})
    assert person_of(nested, rules("realm_access.roles"), NOW).roles == {Role.ENGINEER}


def test_without_a_claim_no_claim_is_believed() -> None:
    """Unless told where roles stand, whatever stands in the token is the provider's own business."""
    assert person_of(claims(), rules(""), NOW).roles == frozenset()


def test_groups_are_mapped_and_then_no_group_passes_by_its_own_name() -> None:
    """A group that happens to be called like a role gives nothing once the plant has said what its groups mean."""
    table = '[groups]\nplant-q = ["operator", "quality"]\n'
    told = claims(roles=["plant-q", "engineer"])
    assert person_of(told, rules(table=table), NOW).roles == {Role.OPERATOR, Role.QUALITY}


def test_people_have_the_roles_of_the_table_too() -> None:
    """With or without a claim."""
    table = '[people]\n"anna@plant.example" = ["engineer"]\n'
    assert person_of(claims(), rules(table=table), NOW).roles == {Role.QUALITY, Role.ENGINEER}
    assert person_of(claims(), rules("", table=table), NOW).roles == {Role.ENGINEER}


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_unverified_address_is_nobodys(verified: object) -> None:
    """Else whoever may type an address at the provider could be anybody."""
    table = '[people]\n"anna@plant.example" = ["engineer"]\n'
    person = person_of(claims(email_verified=verified), rules("", table=table), NOW)
    assert person == Person("u-17", frozenset())


def test_a_token_without_a_subject_is_nobody() -> None:
    """The audit would not know whom to ask."""
    with pytest.raises(NotLoggedIn, match="no subject"):
        person_of(claims(sub="", email=" "), rules(), NOW)


@given(st.dictionaries(st.sampled_from(["is_logged_in", "sub", "exp", "roles", "email", "x"]), JSON))
def test_whatever_a_token_says_it_is_a_person_or_nobody(told: dict[str, Any]) -> None:
    """Never an error that a page has no word for."""
    try:
        person = person_of(told, rules("roles.x"), NOW)
    except NotLoggedIn:
        return
    assert person.name.strip()
    assert person.name.isprintable()


@pytest.mark.parametrize(
    "table", ["[groups", 'groups = "x"', '[people]\nanna = "quality"', '[people]\nanna = ["boss"]', "[groups]\na = 3"]
)
def test_a_table_that_says_something_else_is_refused(table: str) -> None:
    """Nobody has a role by a typing mistake."""
    with pytest.raises(SettingRefused, match="DASHBOARD_ROLES_FILE"):
        rules(table=table)


def test_the_login_file_says_under_which_name_the_dashboard_is_reached() -> None:
    """Which is the only one it answers to, beside this machine's own."""
    assert host_of_login(AUTH) == "line.plant.example"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[auth]", "[other]", "section"),
        ('client_id = "line"', "", "lacks client_id"),
        ("not for anybody else", "", "lacks client_secret"),
        ("a sentence of at least 32 characters", "short", "cookie_secret is shorter"),
        ("/oauth2callback", "/", "redirect_uri"),
        ("https://line", "ftp://line", "redirect_uri"),
        ("[auth]", "[auth", "TOML"),
    ],
)
def test_a_login_that_could_not_work_is_refused_at_the_start(old: str, new: str, words: str) -> None:
    """And says what to correct, without the secrets."""
    with pytest.raises(SettingRefused, match=words) as refused:
        host_of_login(AUTH.replace(old, new))
    assert "anybody else" not in str(refused.value)


def test_a_login_with_which_nobody_has_a_role_is_refused(tmp_path: Path) -> None:
    """Else every button would answer: ask somebody, and there would be nobody to ask."""
    path = tmp_path / "login.toml"
    path.write_text(AUTH)
    with pytest.raises(SettingRefused, match="DASHBOARD_ROLES_CLAIM"):
        access_options(DashboardSettings(login_file=str(path)))


def test_with_a_login_streamlit_gets_its_file_and_its_name(tmp_path: Path) -> None:
    """And no other file: one in the folder of whoever starts it does not count."""
    path = tmp_path / "login.toml"
    path.write_text(AUTH)
    options = access_options(DashboardSettings(login_file=str(path), roles_claim="roles"))
    assert options == {
        "server.allowedHosts": ["line.plant.example", *LOCAL_NAMES], "secrets.files": [str(path)]
    }  # fmt: skip


def test_without_a_login_it_answers_to_this_machines_names_only() -> None:
    """A stranger's page cannot reach it under a name that leads here."""
    options = access_options(DashboardSettings())
    assert options == {"server.allowedHosts": [*LOCAL_NAMES], "secrets.files": []}


def test_a_login_file_that_is_not_there_is_said_at_the_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Before anything listens."""
    monkeypatch.setenv("DASHBOARD_LOGIN_FILE", str(tmp_path / "absent.toml"))
    assert main(["--address", "0.0.0.0"]) == 1
    assert "DASHBOARD_LOGIN_FILE" in capsys.readouterr().err
