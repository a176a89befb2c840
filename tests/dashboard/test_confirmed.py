"""What stands of what people said, as the pages Trends and Thresholds read it, on a real Postgres."""

import pytest
from sqlalchemy import select

from core.adapters.schema import inspection
from core.golden import REJECTED
from core.review import Judgement, Opinion
from dashboard.read_models import Judgement as JudgedScore
from dashboard.read_models import Part, part_of, reading
from dashboard.review.bookings import frame_key
from dashboard.thresholds.read_models import Confirmed, confirmed
from dashboard.trends import read_models as trend_models
from dashboard.trends.read_models import confirmations
from tests.dashboard.places import Place

pytestmark = pytest.mark.server

SCRATCH = Opinion(Judgement.DEFECT, "scratch")


@pytest.fixture(scope="module")
def said(seeded: Place) -> list[Part]:
    """Four parts that were stopped, oldest first: the first was called good and then defective, the others good."""
    stopped = (inspection.c.decision.in_(REJECTED), inspection.c.camera == "line1-top")
    query = select(inspection).where(*stopped).order_by(inspection.c.captured_at).limit(4)
    with reading(seeded.engine) as connection:
        parts = [part_of(row) for row in connection.execute(query)]
    ledger, now = seeded.line.ledger, seeded.line.now
    reviews = [ledger.add_review(frame_key(part.key), Opinion(Judgement.GOOD), 0, now, "ada") for part in parts]
    ledger.add_review(frame_key(parts[0].key), SCRATCH, reviews[0].id, now, "bob")
    return parts


def test_of_more_than_is_shown_the_newest_parts_are_kept(seeded: Place, said: list[Part]) -> None:
    """A chart that ends in the middle would say that nobody reviews any more; who agrees takes no room."""
    moments = [part.key.captured_at for part in said]
    found = confirmations(seeded.engine, "gear", moments[0])
    assert [(each.captured_at, each.judgement) for each in found] == [
        (moment, Judgement.GOOD) for moment in moments[1:]
    ]
    assert [each.captured_at for each in confirmations(seeded.engine, "gear", moments[0], 2)] == moments[2:]


def test_since_when_is_told_from_all_that_stands_however_much_was_said_since(seeded: Place, said: list[Part]) -> None:
    """Not from the newest reviews, which a good day has by the thousand."""
    (found,) = trend_models.occurrences(seeded.engine, "gear", said[0].key.captured_at)
    first = said[0]
    moment = first.key.captured_at
    assert (found.kind, found.lot, found.camera, found.parts) == ("scratch", first.lot, first.key.camera, 1)
    assert (found.first_at, found.last_at) == (moment, moment)
    assert trend_models.occurrences(seeded.engine, "gear", said[1].key.captured_at) == []


def test_limits_are_held_against_what_stands_of_the_chosen_time(seeded: Place, said: list[Part]) -> None:
    """Highest score first; where there is more than is shown, of the newest parts, and no good one hides a defect."""
    version, moments = seeded.line.ledger.active()["gear"].model.id, [part.key.captured_at for part in said]
    marks = [Confirmed(score_of(part), is_defect=place == 0) for place, part in enumerate(said)]
    for since, limit, shown in ((0, 9, marks), (2, 9, marks[2:]), (0, 2, [marks[0], *marks[2:]])):
        found = confirmed(seeded.engine, "gear", version, moments[since], limit)
        assert found == sorted(shown, key=lambda mark: mark.score, reverse=True)


def score_of(part: Part) -> float:
    assert isinstance(part.outcome, JudgedScore)
    return part.outcome.score
