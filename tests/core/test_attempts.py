"""How the notes of what is in hand count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.attempts import TRIES, Hand, taken_alone, taken_together, tries_before
from core.inspection import Progress


def step(first: int, end: int) -> Progress:
    return Progress("frames", 0, first, end)


def test_records_that_were_never_noted_were_never_in_hand() -> None:
    """Nor were those before or behind what was noted."""
    noted = taken_together(step(10, 20))
    assert [tries_before(noted, first) for first in (9, 10, 19, 20)] == [0, 1, 1, 0]
    assert tries_before(None, 10) == 0


def test_a_record_taken_alone_keeps_what_is_known_of_those_behind_it() -> None:
    """The first is tried again and again, the others were in hand once."""
    noted = taken_alone(taken_together(step(10, 20)), step(10, 11))
    assert noted == Hand(10, 20, 2, 1)
    assert taken_alone(noted, step(10, 11)).first_tries == 3
    assert taken_alone(noted, step(11, 12)) == Hand(11, 20, 2, 1)


def test_a_record_alone_that_was_never_in_hand_begins_anew() -> None:
    """Whatever is noted of others."""
    assert taken_alone(taken_together(step(10, 20)), step(20, 21)) == Hand(20, 21, 1, 1)
    assert taken_alone(None, step(5, 6)) == Hand(5, 6, 1, 1)


@given(st.integers(1, 12), st.data())
def test_a_record_that_ends_its_worker_is_the_only_one_set_aside(size: int, data: st.DataObject) -> None:
    """Wherever it stands in its batch, after three workers, and no innocent one with it."""
    guilty = data.draw(st.integers(0, size - 1))
    noted: Hand | None = None
    at, ended, set_aside = 0, 0, []
    while at < size:
        if not tries_before(noted, at):
            noted = taken_together(step(at, size))
            if at <= guilty:
                ended += 1
                continue
            break
        noted = taken_alone(noted, step(at, at + 1))
        if noted.first_tries > TRIES:
            set_aside.append(at)
        elif at == guilty:
            ended += 1
            continue
        at += 1
    assert (ended, set_aside) == (TRIES, [guilty])


@pytest.mark.parametrize("hand", [(5, 5, 1, 1), (-1, 5, 1, 1), (0, 5, 0, 0), (0, 5, 1, 2)])
def test_a_note_that_cannot_be_is_refused(hand: tuple[int, int, int, int]) -> None:
    """Nothing in hand, or tried less often than what lies behind it."""
    with pytest.raises(ValueError, match="records in hand"):
        Hand(*hand)
