"""What is shown of a bundle's letter, without the network's code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.versions.letter import compared, letter_facts
from model.letter import to_json
from tests.model.bundles import letter


def test_a_real_letter_is_told() -> None:
    """Data, weight, limits, size: as the model's own code wrote it."""
    facts = letter_facts(to_json(letter("0" * 64)).encode()).facts
    assert facts["encoder"] == "resnet18"
    assert facts["input"] == "64 x 64"
    assert facts["pictures learned from"] == "20"
    assert facts["fitted limits"] == "1 / 2"
    assert facts["weight w"] == "1"
    assert facts["parity"] == "not tried"


@given(st.binary(max_size=200))
def test_whatever_lies_there_raises_nothing(content: bytes) -> None:
    """It has a problem, in words."""
    assert letter_facts(content).problem


@pytest.mark.parametrize("content", [b"[]", b"null", b'{"network": 3}', b'{"threshold": {"reject_from": "x"}}'])
def test_json_that_is_no_letter_has_a_problem(content: bytes) -> None:
    """The page shows the rest."""
    assert letter_facts(content).problem


def test_what_differs_comes_first() -> None:
    """What only one has differs."""
    rows = compared({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"})
    assert [(row[0], row[3]) for row in rows] == [("b", True), ("c", True), ("a", False)]
