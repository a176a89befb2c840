"""What a browser books is settled once, in order, and answered; without a browser."""

import base64
from datetime import timedelta
from typing import Any

import cv2
import numpy as np
import pytest

from core.access import Person, Role
from core.adapters.in_memory_ledger import MemoryLedger
from core.errors import ImageRefused, LedgerUnavailable
from core.inspection import StoredMap
from core.review import AcceptedPart, Judgement, PartKey
from core.verdict import Decision, Threshold
from dashboard.read_models import Judgement as JudgedScore
from dashboard.read_models import Part
from dashboard.read_models import PartKey as RowKey
from dashboard.review.bookings import Booking, Session, bookings_of, settle
from dashboard.review.masks import drawn_mask, mask_of_map
from dashboard.review.nearest import nearest
from dashboard.review.ordering import most_uncertain_first
from tests.contracts.ledgers import BAND, TODAY, batch, frame, inspected

ADA = Person("ada", frozenset({Role.OPERATOR}))
BOB = Person("bob", frozenset({Role.OPERATOR}))


def line_with_parts(count: int = 2) -> tuple[MemoryLedger, list[PartKey]]:
    ledger = MemoryLedger()
    results = [inspected(frame(number), Decision.NG) for number in range(count)]
    ledger.record(batch(*results))
    return ledger, [PartKey(result.frame.captured_at, result.frame.id) for result in results]


def said(ledger: MemoryLedger, session: Session, *bookings: Booking, person: Person = ADA) -> list[Judgement]:
    settle(session, bookings, person, ledger, lambda booking: booking.mask.encode(), TODAY)
    return [review.opinion.judgement for review in reversed(ledger.said)]


def test_a_booking_is_settled_once_however_often_it_is_sent() -> None:
    ledger, (part, _) = line_with_parts()
    session, booking = Session(), Booking("b1", part, "defect", "scratch", "map")
    assert said(ledger, session, booking) == [Judgement.DEFECT]
    assert said(ledger, session, booking) == [Judgement.DEFECT]
    assert session.settled == {"b1": {"ok": True, "revision": 1}}
    assert (ledger.said[0].opinion.kind, ledger.said[0].opinion.mask_png) == ("scratch", b"map")


def test_a_part_may_be_judged_undone_and_judged_again_in_one_burst() -> None:
    """Before the browser heard of any of it."""
    ledger, (part, _) = line_with_parts()
    burst = [
        Booking("1", part, "good"),
        Booking("2", part, "undo", revision=None),
        Booking("3", part, "unsure", revision=None),
    ]
    session = Session()
    assert said(ledger, session, *burst) == [Judgement.UNSURE, Judgement.WITHDRAWN, Judgement.GOOD]
    assert session.judged == 1


def test_a_part_waits_again_for_whoever_took_their_word_back() -> None:
    """As for everybody else."""
    ledger, (part, other) = line_with_parts()
    session = Session()
    said(ledger, session, Booking("1", part, "good"), Booking("2", other, "good"))
    said(ledger, session, Booking("3", part, "undo", revision=None))
    assert [session.has_said(each) for each in (part, other)] == [False, True]


def test_each_undo_takes_back_one_judgement_of_a_part() -> None:
    """The second brings nothing back that the first took away."""
    ledger, (part, _) = line_with_parts()
    bookings = [
        Booking("1", part, "defect", "dent"),
        Booking("2", part, "good", revision=None),
        Booking("3", part, "undo", revision=None),
        Booking("4", part, "undo", revision=None),
    ]
    session = Session()
    stood = [said(ledger, session, booking)[0] for booking in bookings]
    assert stood == [Judgement.DEFECT, Judgement.GOOD, Judgement.DEFECT, Judgement.WITHDRAWN]
    assert session.judged == 0


def test_what_another_said_between_two_judgements_is_not_taken_back() -> None:
    """Undo ends where somebody else's word begins."""
    ledger, (part, _) = line_with_parts()
    session = Session()
    said(ledger, session, Booking("1", part, "good"))
    said(ledger, Session(), Booking("2", part, "unsure", revision=1), person=BOB)
    said(ledger, session, Booking("3", part, "defect", revision=2), Booking("4", part, "undo", revision=None))
    assert ledger.reviews_of(part)[0].opinion.judgement is Judgement.UNSURE
    said(ledger, session, Booking("5", part, "undo", revision=None))
    assert ledger.reviews_of(part)[0].opinion.judgement is Judgement.UNSURE
    assert not session.settled["5"]["ok"]


def test_whoever_comes_second_is_told_what_the_first_said() -> None:
    """And answers to that, if they disagree."""
    ledger, (part, _) = line_with_parts()
    said(ledger, Session(), Booking("a", part, "defect", "dent"))
    session = Session()
    assert said(ledger, session, Booking("b", part, "good"), person=BOB) == [Judgement.DEFECT]
    assert session.settled["b"] == {"ok": False, "revision": 1, "words": "ada was faster and said: defect, dent."}
    said(ledger, session, Booking("c", part, "good", revision=1), person=BOB)
    assert [review.who for review in ledger.reviews_of(part)] == ["bob", "ada"]


def test_without_the_role_nothing_is_written_and_the_browser_hears_why() -> None:
    ledger, (part, _) = line_with_parts()
    session = Session()
    assert said(ledger, session, Booking("a", part, "good"), person=Person("eve", frozenset())) == []
    assert not session.settled["a"]["ok"]
    assert "role" in session.settled["a"]["words"]


class Away(MemoryLedger):
    """Answers the first review and no more."""

    def settle(self, *asked: Any) -> Any:
        if self.said:
            raise LedgerUnavailable("gone")
        return super().settle(*asked)


def test_what_could_not_be_written_is_left_for_the_next_time() -> None:
    """In its order."""
    ledger, (first, second) = line_with_parts()
    away, session = Away(results=ledger.results), Session()
    bookings = [Booking("1", first, "good"), Booking("2", second, "good")]
    with pytest.raises(LedgerUnavailable):
        settle(session, bookings, ADA, away, lambda _: b"", TODAY)
    assert set(session.settled) == {"1"}
    back = MemoryLedger(results=ledger.results, said=away.said)
    settle(session, bookings, ADA, back, lambda _: b"", TODAY)
    assert [len(back.reviews_of(part)) for part in (first, second)] == [1, 1]


def test_what_is_no_booking_is_left_out() -> None:
    """A browser may send anything."""
    key = RowKey(TODAY, "line1-top", "0123456789ab", 3)
    good = {"id": "x", "part": str(key), "verb": "good", "revision": 0}
    sent = [good, {}, None, 7, good | {"part": "a/b"}, good | {"part": str(key) + "/x"}, good | {"revision": "no"}]
    assert [booking.id for booking in bookings_of({"bookings": sent})] == ["x"]
    assert bookings_of(None) == []
    assert RowKey.of(str(key)) == key
    assert "+" not in str(key)


def part_with(score: float, seconds: int = 0, reject: float = 2.0) -> Part:
    key = RowKey(TODAY + timedelta(seconds=seconds), "line1-top", "0123456789ab", seconds)
    outcome = JudgedScore(score, Threshold(reject / 2, reject), 1, "")
    return Part(key, "nut", "", "", Decision.NG, outcome, TODAY, TODAY, "")


def test_the_middle_of_the_review_band_comes_first_whatever_the_product_s_scale() -> None:
    parts = [part_with(4.0, 1), part_with(1.5, 2), part_with(160.0, 3, reject=200.0), part_with(1.5, 4)]
    assert [part.key.sequence for part in most_uncertain_first(parts)] == [4, 2, 3, 1]


def test_a_mask_is_taken_from_where_the_map_reaches_a_limit() -> None:
    """The reject limit where it is reached, else the review limit."""

    def mask(*scores: int) -> list[int]:
        png = cv2.imencode(".png", np.array([scores], np.uint8))[1].tobytes()
        made = mask_of_map(StoredMap(png, 0.0, 1.0), BAND)
        return [] if not made else cv2.imdecode(np.frombuffer(made, np.uint8), 0).reshape(-1).tolist()

    assert mask(0, 120, 255, 210) == [0, 0, 255, 255]
    assert mask(0, 120, 0, 0) == [0, 255, 0, 0]
    assert mask(0, 0, 0, 0) == []
    assert mask_of_map(None, BAND) == b""


def url(pixels: np.ndarray, prefix: str = "data:image/png;base64,") -> str:
    return prefix + base64.b64encode(cv2.imencode(".png", pixels)[1].tobytes()).decode()


def test_a_drawn_mask_is_made_anew_from_what_the_browser_sent() -> None:
    drawn = np.zeros((4, 6, 4), np.uint8)
    drawn[1, 2] = (200, 100, 50, 255)
    mask = cv2.imdecode(np.frombuffer(drawn_mask(url(drawn)), np.uint8), cv2.IMREAD_UNCHANGED)
    assert mask.shape == (4, 6)
    assert np.argwhere(mask).tolist() == [[1, 2]]
    assert drawn_mask(url(np.zeros((4, 6, 4), np.uint8))) == b""


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "data:text/html,x",
        "data:image/png;base64,%%%",
        "data:image/png;base64,aGVsbG8=",
        url(np.zeros((2, 2), np.uint8)),
        url(np.zeros((2, 1100, 4), np.uint8)),
    ],
)
def test_what_is_no_mask_is_refused(sent: str) -> None:
    with pytest.raises(ImageRefused):
        drawn_mask(sent)


def accepted(number: int, *features: float) -> AcceptedPart:
    return AcceptedPart(PartKey(TODAY, frame(number).id), f"memory:{number}", features)


def test_the_nearest_accepted_part_is_found_by_features_and_is_never_the_part_itself() -> None:
    """Other networks' features have another length and say nothing here."""
    known = [accepted(0, 0.0, 100.0), accepted(1, 1.0, 900.0), accepted(2, 5.0)]
    assert nearest((0.9, 500.0), known) == known[1]
    assert nearest((1.0, 900.0), known, other_than=known[1].part) == known[0]
    assert nearest((1.0,), known[:2]) is None
