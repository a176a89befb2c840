"""Settings come from outside like everything else: any text gives a value or a refusal that names the setting."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from core.__main__ import _settings_classes, _variable
from core.errors import SettingRefused
from core.signature import read_keyring

CLASSES = [one for one in _settings_classes() if one.__module__.startswith(("core", "ingest", "worker", "retrain"))]
NAMES = [(one, _variable(one, name, field)) for one in CLASSES for name, field in one.model_fields.items()]
NO_NUL = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXTS = st.one_of(
    st.text(NO_NUL, max_size=40),
    st.sampled_from(["nan", "inf", "-1", "1e999", "9" * 400, "true", "[]", "{}", "null", "0x10", "\u0663", " "]),
)


@contextmanager
def environment(name: str, value: str) -> Iterator[None]:
    """This one variable set; put back afterwards, for hypothesis runs many examples in one test."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


@given(st.sampled_from(NAMES), TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_text_in_any_setting_is_taken_or_refused_by_name(one: tuple[type[BaseSettings], str], text: str) -> None:
    """Never anything but the library's own refusal."""
    kind, name = one
    try:
        with environment(name, text):
            kind()
    except ValidationError as error:
        refused = error
    else:
        return
    # A rule about two settings belongs to neither field, and says both names.
    told = [(str(part["loc"][0]).upper() if part["loc"] else name, part) for part in refused.errors()]
    assert any(field in name and (part["loc"] or name in part["msg"]) for field, part in told)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999"])
@pytest.mark.parametrize("name", ["KAFKA_SESSION_S", "INGEST_DRAIN_S", "WORKER_RETRY_DEADLINE_S"])
def test_a_number_that_is_none_is_refused(name: str, number: str) -> None:
    """Seconds without end break a client library later, in the middle of the line."""
    kind = next(kind for kind, found in NAMES if found == name)
    with environment(name, number), pytest.raises(ValidationError):
        kind()


@pytest.mark.parametrize("name", ["KAFKA_SASL_PASSWORD", "INGEST_SIGNING_KEY"])
def test_a_secret_setting_is_printed_masked(name: str) -> None:
    """Neither as itself nor within its settings."""
    kind = next(kind for kind, found in NAMES if found == name)
    with environment(name, "not-for-eyes"):
        made = kind()
    assert "not-for-eyes" not in repr(made) + str(made) + str(made.model_dump()) + made.model_dump_json()


@given(st.lists(st.text(NO_NUL, max_size=80), max_size=5))
@settings(max_examples=200, deadline=None)
def test_any_lines_as_a_file_of_keys_are_read_or_refused(lines: list[str]) -> None:
    try:
        assert read_keyring(lines, "FILE")
    except SettingRefused:
        return
