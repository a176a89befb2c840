"""What waits for review, and for whom, on a real Postgres."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core.review import Judgement, Opinion
from dashboard.read_models import Part, PartKey
from dashboard.review.bookings import frame_key
from dashboard.review.read_models import Queue, waiting_parts
from tests.dashboard.places import Place

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("fresh_caches")]

PAGE = "from dashboard.views import review\nreview.page()\n"
GONE = "The part of this link is not here any more."


def queue(place: Place, limit: int = 1000) -> Queue:
    return waiting_parts(place.engine, place.line.now - timedelta(days=2), {"gear": 0.05}, "", limit)


def say(place: Place, part: Part, judgement: Judgement, who: str, expected: int = 0) -> int:
    review = place.line.ledger.add_review(frame_key(part.key), Opinion(judgement), expected, place.line.now, who)
    return review.id


def test_of_what_one_is_unsure_somebody_else_looks(seeded: Place) -> None:
    """It waits for all but whoever could not tell, until one of them can."""
    part = queue(seeded).of("ada")[0]
    unsure = say(seeded, part, Judgement.UNSURE, "ada")
    assert part not in queue(seeded).of("ada")
    assert part in queue(seeded).of("bob")
    say(seeded, part, Judgement.GOOD, "bob", unsure)
    assert part not in [each.part for each in queue(seeded).waiting]


def test_what_was_taken_back_waits_again(seeded: Place) -> None:
    """For everybody, whoever it was."""
    part = queue(seeded).of("ada")[0]
    say(seeded, part, Judgement.WITHDRAWN, "ada", say(seeded, part, Judgement.GOOD, "ada"))
    assert part in queue(seeded).of("ada")


def test_a_queue_says_where_more_wait_than_it_holds(seeded: Place) -> None:
    """Else its length would be told for all there is."""
    whole = queue(seeded)
    assert not whole.is_cut
    short = queue(seeded, 3)
    assert short.is_cut
    assert {each.part for each in short.waiting} < {each.part for each in whole.waiting}


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_to_a_part_that_is_gone_says_so(seeded: Place, monkeypatch: pytest.MonkeyPatch, is_there: bool) -> None:
    """What is shown instead is another part, which nobody should take for it."""
    for name, value in seeded.environment.items():
        monkeypatch.setenv(name, value)
    key = queue(seeded).waiting[0].part.key
    asked = key if is_there else PartKey(key.captured_at - timedelta(days=90), key.camera, key.start_id, 7)
    page = AppTest.from_string(PAGE, default_timeout=30)
    page.query_params["part"] = str(asked)
    page.run()
    assert not page.exception
    assert any(GONE in each.value for each in page.info) is not is_there
