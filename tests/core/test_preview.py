"""How an answer names drawn defects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.preview import DrawnDefect, answer_of, drawn_in, words_in

uris = st.text(st.characters(blacklist_characters="\n\r", blacklist_categories=("Cs",)), max_size=20).map(
    lambda name: f"file:///a folder/previews/2026-11-25/{name}.png"
)


@given(st.lists(st.builds(DrawnDefect, uris, uris), max_size=4))
def test_what_an_answer_names_is_found_in_it(drawn: list[DrawnDefect]) -> None:
    """Whatever the store is called."""
    answer = answer_of("2 defects drawn", drawn)
    assert drawn_in(answer) == tuple(drawn)
    assert words_in(answer) == "2 defects drawn"


@pytest.mark.parametrize(
    "answer",
    ["", "model 3 is active", "words\nmemory:previews/a.png", "words\nmemory:frames/a.png\nmemory:frames/b.png"],
)
def test_any_other_answer_names_none(answer: str) -> None:
    """Nor does one that names what is no preview."""
    assert drawn_in(answer) == ()
