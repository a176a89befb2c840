"""The decision about a part that several cameras see, beside what each of them says."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core.frame import FrameHeader, FrameId, sha256_of
from core.inspection import NOT_KEPT, Arrival, Batch, CameraRun, Failure, Position, Progress
from core.part import DecidedPart, OpenPart, ViewPlan
from core.review import Judgement, Opinion, PartKey
from core.verdict import Decision, ErrorReason
from dashboard.live_snapshot import LedgerView, LiveSnapshot
from dashboard.parts.read_models import LotParts, incomplete_parts, newest_parts_of, parts_of_lots, whole_part
from dashboard.parts.words import short_words_by_name, whole_words
from dashboard.tiles import wall_data
from tests.core.parts import PLAN, SIDE, TOP, sighting, view
from tests.dashboard.places import Place, fresh_line
from tests.dashboard.test_pages import shown
from tests.dashboard.test_tiles import NOW, a_part, a_row, a_tile

pytestmark = pytest.mark.usefixtures("fresh_caches")


def opened() -> OpenPart:
    part = sighting(view(TOP)).begun()
    assert isinstance(part, OpenPart)
    return part


def test_a_part_is_said_with_what_its_cameras_say() -> None:
    """Or with what it waits for, or lacked."""
    assert whole_words(opened()) == f"waits for {SIDE}"
    assert whole_words(opened().joined(view(SIDE, Decision.NG))) == f"NG ({SIDE} NG, {TOP} OK)"
    closed = whole_words(opened().closed(NOW))
    assert closed == f"ERROR ({TOP} OK): {SIDE} did not come within 2 s"


def test_of_an_id_that_was_used_again_the_newest_part_is_said() -> None:
    """Whatever order they are read in."""
    old, new = opened().closed(NOW), sighting(view(TOP, arrived_s=3600)).begun()
    for order in ([old, new], [new, old]):
        assert short_words_by_name(order) == {("ballscrew", "p1"): "part open"}
    assert short_words_by_name([old]) == {("ballscrew", "p1"): "part ERROR"}


def test_a_tile_says_what_became_of_the_whole_part() -> None:
    """Beside its product, and only where several cameras see it."""
    wholes = {("gear", "P1"): "part NG"}
    tile = a_tile(decision=Decision.OK)
    for known, expected in ((wholes, "gear \u00b7 part NG"), ({}, "gear")):
        ledger = LedgerView((a_row(a_part(3)),), wholes=known)
        (told,) = wall_data(LiveSnapshot(NOW, {"top": tile}, ledger), NOW, 10.0, False)["tiles"]
        assert (told["word"], told["product"]) == ("OK", expected)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Two parts of a product that two cameras see: of `whole` both views failed, of `half` one never came."""
    with fresh_line(tmp_path_factory.mktemp("views")) as place:
        now = place.line.now
        for partition, camera in enumerate((TOP, SIDE)):
            ids = ("whole", "half") if camera == TOP else ("whole",)
            results = tuple(failed(camera, number, part, now) for number, part in enumerate(ids))
            progress = Progress("frames", partition, 0, len(results))
            place.line.ledger.record(Batch(results, (progress,), {"gear": PLAN, "nut": ViewPlan((TOP,), 1.0)}))
        place.line.ledger.close_overdue(now + timedelta(minutes=5))
        yield place


def failed(camera: str, number: int, part_id: str, now: datetime) -> Failure:
    header = FrameHeader(FrameId(camera, "0123456789ab", number), now, "gear", part_id, "L1", sha256_of(b""), 0)
    arrival = Arrival(Position("frames", 0, number), now)
    return Failure(header, arrival, ErrorReason.EMPTY, "0 bytes", NOT_KEPT, now)


@pytest.mark.server
def test_a_frame_finds_its_part_by_id_and_time(seen: Place) -> None:
    """A part without an id, of another time or of another product is none."""
    now = seen.line.now
    found = whole_part(seen.engine, "gear", "whole", now)
    assert isinstance(found, DecidedPart)
    assert found.reason == "no content"
    assert whole_part(seen.engine, "gear", "whole", now + timedelta(hours=1)) is None
    assert whole_part(seen.engine, "gear", "", now) is None
    assert whole_part(seen.engine, "nut", "whole", now) is None


@pytest.mark.server
def test_parts_are_read_by_product_and_those_without_a_view_by_themselves(seen: Place) -> None:
    """The newest few."""
    since = seen.line.now - timedelta(minutes=1)
    assert len(newest_parts_of(seen.engine, ["gear", "nut", "gear"], since)) == 2
    assert newest_parts_of(seen.engine, ["nut"], since) == newest_parts_of(seen.engine, [], since) == []
    assert newest_parts_of(seen.engine, ["gear"], seen.line.now + timedelta(minutes=1)) == []
    (half,) = incomplete_parts(seen.engine, "", since, 10)
    assert (half.seen.part_id, half.detail) == ("half", f"{SIDE} did not come within 2 s")
    assert incomplete_parts(seen.engine, "nut", since, 10) == []


@pytest.mark.server
def test_the_page_defects_shows_parts_that_lacked_a_view(seen: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which no frame's own row shows."""
    defects: AppTest = shown(seen, monkeypatch, "defects")
    assert not defects.exception
    assert defects.expander[0].label == "1 part without all views in the last 24 hours: ERROR"
    live = shown(seen, monkeypatch)
    assert not live.exception


@pytest.mark.server
def test_since_when_counts_whole_parts_and_not_their_views(seen: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two parts of this lot were judged, from three pictures, and none went out."""
    assert parts_of_lots(seen.engine, "gear", ["L1"], seen.line.now - timedelta(hours=1)) == LotParts(2, 0)
    for camera in (TOP, SIDE):
        part, ledger = PartKey(seen.line.now, FrameId(camera, "0123456789ab", 0)), seen.line.ledger
        ledger.add_review(part, Opinion(Judgement.DEFECT, "dent"), 0, seen.line.now, "ada")
        ledger.report(CameraRun(camera, "0123456789ab", "gear", 2, 0, seen.line.now))
    for name, value in seen.environment.items():
        monkeypatch.setenv(name, value)
    page = AppTest.from_string("from dashboard.views import trends\ntrends.page()\n", default_timeout=60)
    page.session_state["since_when"], page.session_state["since_part"] = True, "whole"
    page.run()
    assert not page.exception
    told = {each.label: each.value for each in page.metric}
    assert (told["parts of these lots"], told["of them went out"]) == ("2", "0")


def test_a_part_that_is_decided_is_not_said_to_be_waiting() -> None:
    """Even where it lacks views."""
    part = replace(opened().closed(NOW), late=(view(SIDE),))
    assert whole_words(part).startswith("ERROR")
