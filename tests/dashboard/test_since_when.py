"""The question since when, asked of a part that two cameras see."""

import pytest
from streamlit.testing.v1 import AppTest

from core.review import Judgement, Opinion
from core.verdict import Decision
from dashboard.review.bookings import frame_key
from dashboard.story.read_models import DefectFilter, newest_parts
from dashboard.trends.read_models import parts_named
from dashboard.views.trouble import plain
from tests.dashboard.places import Place

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("fresh_caches")]


def asked_of(part_id: str, place: Place, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    page = AppTest.from_string("from dashboard.views import trends\ntrends.page()\n", default_timeout=30)
    page.session_state["since_when"], page.session_state["since_part"] = True, part_id
    page.run()
    assert not page.exception
    return [each.value for each in (*page.markdown, *page.caption)]


def test_a_defect_that_any_view_of_a_part_shows_is_the_part_s(seeded: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only what the last camera saw of it."""
    part_id = newest_parts(seeded.engine, DefectFilter((Decision.NG,)), None, 1)[0].part_id
    views = parts_named(seeded.engine, part_id)
    assert len(views) == 2
    opinion = Opinion(Judgement.DEFECT, "scratch")
    seeded.line.ledger.add_review(frame_key(views[1].key), opinion, 0, seeded.line.now, "ada")
    assert any(plain(f"scratch, as confirmed on {part_id}") in told for told in asked_of(part_id, seeded, monkeypatch))
