"""What stands of what people said, as the pages Trends and Thresholds read it, on a real Postgres."""

import pytest
from sqlalchemy import select

from core.adapters.schema import inspection
from core.review import Judgement, Opinion
from dashboard.read_models import Judgement as JudgedScore
from dashboard.read_models import Part, part_of, reading
from dashboard.review.bookings import frame_key
from dashboard.thresholds.read_models import Confirmed, confirmed
from dashboard.trends.read_models import confirmations
from tests.dashboard.places import Place

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def said(seeded: Place) -> list[Part]:
    """Four scored parts, oldest first: the first was called good and then defective, the others good."""
    scored = (inspection.c.score.is_not(None), inspection.c.camera == "line1-top")
    query = select(inspection).where(*scored).order_by(inspection.c.captured_at).limit(4)
    with reading(seeded.engine) as connection:
        parts = [part_of(row) for row in connection.execute(query)]
    ledger, now = seeded.line.ledger, seeded.line.now
    reviews = [ledger.add_review(frame_key(part.key), Opinion(Judgement.GOOD), 0, now, "ada") for part in parts]
    ledger.add_review(frame_key(parts[0].key), Opinion(Judgement.DEFECT), reviews[0].id, now, "bob")
    return parts


def test_of_more_than_is_shown_the_newest_parts_are_kept(seeded: Place, said: list[Part]) -> None:
    """A chart that ends in the middle would say that nobody reviews any more."""
    moments = [part.key.captured_at for part in said]
    found = confirmations(seeded.engine, "gear", moments[0])
    assert [(each.captured_at, each.judgement) for each in found] == [
        (moments[0], Judgement.DEFECT),
        *((moment, Judgement.GOOD) for moment in moments[1:]),
    ]
    assert [each.captured_at for each in confirmations(seeded.engine, "gear", moments[0], 2)] == moments[2:]


def test_limits_are_held_against_what_stands_of_the_chosen_time(seeded: Place, said: list[Part]) -> None:
    """Highest score first; where there is more than is shown, of the newest parts."""
    version, moments = seeded.line.ledger.active()["gear"].model.id, [part.key.captured_at for part in said]
    marks = [Confirmed(score_of(part), is_defect=place == 0) for place, part in enumerate(said)]
    for since, limit, shown in ((0, 9, marks), (2, 9, marks[2:]), (0, 3, marks[1:])):
        found = confirmed(seeded.engine, "gear", version, moments[since], limit)
        assert found == sorted(shown, key=lambda mark: mark.score, reverse=True)


def score_of(part: Part) -> float:
    assert isinstance(part.outcome, JudgedScore)
    return part.outcome.score
