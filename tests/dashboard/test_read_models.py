"""The read models on a real Postgres."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import InternalError

from core.errors import LedgerUnavailable
from core.verdict import Decision
from dashboard.read_models import (
    Judgement,
    camera_rows,
    places,
    products_with_model,
    reading,
    stored_maps,
)
from dashboard.story.read_models import NOT_OK, DefectFilter, count_newer, newest_parts, other_views
from tests.dashboard.places import Place
from tests.dashboard.seed import CAMERAS

pytestmark = pytest.mark.server

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def test_cameras_come_with_counts_and_their_last_twenty_parts_in_one_query(seeded: Place) -> None:
    statements: list[str] = []
    listen = lambda *told: statements.append(told[2])  # noqa: E731
    event.listen(seeded.engine, "before_cursor_execute", listen)
    rows = camera_rows(seeded.engine, LONG_AGO)
    event.remove(seeded.engine, "before_cursor_execute", listen)
    assert [row.camera for row in rows] == sorted(CAMERAS)
    assert all(row.counts.captured == row.counts.judged + row.counts.waiting == 61 for row in rows)
    assert [part.key.sequence for part in rows[0].recent] == list(range(59, 39, -1))
    assert len([one for one in statements if "inspection" in one]) == 1


def test_a_camera_not_heard_of_since_then_is_left_out(seeded: Place) -> None:
    assert camera_rows(seeded.engine, seeded.line.now + timedelta(hours=1)) == []


def test_pages_by_key_hold_every_defect_once_newest_first(seeded: Place) -> None:
    found, before = [], None
    while page := newest_parts(seeded.engine, DefectFilter(), before, 7):
        found += page
        before = page[-1].key
    everything = newest_parts(seeded.engine, DefectFilter(), None, 1000)
    assert found == everything
    assert len({str(part.key) for part in found}) == len(found) > 20
    assert [part.key.captured_at for part in found] == sorted((part.key.captured_at for part in found), reverse=True)


@pytest.mark.parametrize("decision", NOT_OK)
def test_filters_hold(seeded: Place, decision: Decision) -> None:
    parts = newest_parts(seeded.engine, DefectFilter((decision,), "gear", "line1-top"), None, 100)
    assert parts
    assert {(part.decision, part.product, part.key.camera) for part in parts} == {(decision, "gear", "line1-top")}
    assert newest_parts(seeded.engine, DefectFilter((decision,), "'; drop table inspection; --"), None, 100) == []


def test_a_judged_part_has_its_map_and_a_failed_one_has_none(seeded: Place) -> None:
    parts = newest_parts(seeded.engine, DefectFilter(), None, 30)
    maps = stored_maps(seeded.engine, [part.key for part in parts])
    assert set(maps) == {part.key for part in parts if isinstance(part.outcome, Judgement)}
    assert stored_maps(seeded.engine, []) == {}


def test_newer_parts_are_counted_up_to_a_limit(seeded: Place) -> None:
    assert count_newer(seeded.engine, DefectFilter(), LONG_AGO, limit=5) == 5
    assert count_newer(seeded.engine, DefectFilter(), seeded.line.now) == 0


def test_places_and_products_are_known(seeded: Place) -> None:
    known = places(seeded.engine)
    assert (known.products, known.cameras()) == (["gear"], sorted(CAMERAS))
    assert (known.cameras("gear"), known.cameras("nut")) == (sorted(CAMERAS), [])
    assert products_with_model(seeded.engine) == ["gear"]


def test_pages_cannot_write(seeded: Place) -> None:
    with pytest.raises((InternalError, LedgerUnavailable)), reading(seeded.engine) as connection:
        connection.execute(text("delete from inspection"))


def test_further_filters_hold(seeded: Place) -> None:
    """Lot, model, time and score, each by itself and together."""
    everything = newest_parts(seeded.engine, DefectFilter(tuple(Decision)), None, 1000)

    def numbers(**asked: object) -> list[str]:
        wanted = DefectFilter(tuple(Decision), **asked)  # type: ignore[arg-type]
        return [str(part.key) for part in newest_parts(seeded.engine, wanted, None, 1000)]

    def those(keep) -> list[str]:  # type: ignore[no-untyped-def]
        return [str(part.key) for part in everything if keep(part)]

    def share(part) -> float:  # type: ignore[no-untyped-def]
        return part.outcome.score / part.outcome.threshold.reject_from if isinstance(part.outcome, Judgement) else -1

    since = everything[30].key.captured_at
    lot = everything[0].lot
    assert numbers(lot=lot) == those(lambda part: part.lot == lot) != []
    assert numbers(since=since) == those(lambda part: part.key.captured_at >= since) != []
    assert numbers(model_version_id=1) == those(lambda part: share(part) >= 0) != []
    assert numbers(model_version_id=99) == numbers(kind="scratch") == []
    assert numbers(share_from=0.8, share_to=1.0) == those(lambda part: 0.8 <= share(part) <= 1.0) != []
    assert numbers(lot=lot, share_from=1.0) == those(lambda part: part.lot == lot and share(part) >= 1.0)


def test_the_other_views_of_a_part_are_those_of_other_cameras_around_that_time(seeded: Place) -> None:
    part = newest_parts(seeded.engine, DefectFilter((Decision.NG,), camera="line1-top"), None, 1)[0]
    (view,) = other_views(seeded.engine, part)
    assert (view.part_id, view.key.camera) == (part.part_id, "line1-side")
