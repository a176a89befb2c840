"""What the browser booked, and how each booking is settled once: a key typed twice as fast is still one review."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.access import Person
from core.errors import AccessDenied, ImageRefused, ReviewConflict, UnknownPart
from core.frame import FrameId
from core.review import Judgement, Opinion, PartKey, Review
from core.review_ports import ReviewDesk
from core.review_service import judge_part, take_back
from dashboard import read_models

MASK_OF_MAP = "map"
"""What a booking says where the mask is to be made of the part's own map."""
UNDO = "undo"
Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Booking:
    """One key's worth. `revision` is the review that was on the screen, None where it was this browser's own."""

    id: str
    part: PartKey
    verb: str
    kind: str = ""
    mask: str = ""
    revision: int | None = 0


@dataclass
class Session:
    """What one browser has booked: each booking's answer, and its own newest review of each part.

    `judgements` are those of each part that can be taken back one after the other, newest last.
    """

    settled: dict[str, Told] = field(default_factory=dict)
    mine: dict[PartKey, Review] = field(default_factory=dict)
    judgements: dict[PartKey, list[Review]] = field(default_factory=dict)
    judged: int = 0

    def expected(self, booking: Booking) -> int:
        """The review that this booking answers: the one on the screen, or this browser's own newest."""
        own = self.mine.get(booking.part)
        return booking.revision if booking.revision is not None else own.id if own else 0

    def forget_all_but(self, bookings: Sequence[Booking]) -> None:
        """Keep the answers to these: what the browser sends no longer, it has heard the answer to."""
        self.settled = {each.id: self.settled[each.id] for each in bookings if each.id in self.settled}

    def has_said(self, part: PartKey) -> bool:
        """Whether this browser has a word about the part that it did not take back."""
        own = self.mine.get(part)
        return own is not None and own.opinion.judgement is not Judgement.WITHDRAWN

    def keep(self, booking: Booking, review: Review) -> None:
        """Remember what was written; where it answers somebody else, nothing older is one's own to take back."""
        own, before = self.mine.get(review.part), self.judgements.get(review.part, [])
        if booking.verb == UNDO:
            self.judgements[review.part] = before[:-1]
        else:
            answers_own = own is not None and own.id == self.expected(booking)
            self.judgements[review.part] = [*(before if answers_own else []), review]
        self.mine[review.part] = review
        self.judged += -1 if booking.verb == UNDO else 1


def frame_key(key: read_models.PartKey) -> PartKey:
    """The key as the core knows it."""
    return PartKey(key.captured_at, FrameId(key.camera, key.start_id, key.sequence))


def row_key(part: PartKey) -> read_models.PartKey:
    """The key as the pages know it."""
    return read_models.PartKey(part.captured_at, part.frame_id.camera, part.frame_id.start_id, part.frame_id.sequence)


def bookings_of(state: Any) -> list[Booking]:
    """The bookings that the browser sent, in order; what is not one is left out."""
    sent = state.get("bookings", []) if isinstance(state, dict) else []
    return [booking for booking in map(_booking, sent) if booking]


def settle(
    session: Session,
    bookings: Sequence[Booking],
    person: Person,
    desk: ReviewDesk,
    mask: Callable[[Booking], bytes],
    now: datetime,
) -> list[Review]:
    """Settle each booking that is not settled yet, in order; the new reviews.

    A server that is away leaves the rest unsettled: the browser keeps them and sends them again.

    Raises:
        LedgerUnavailable: Not all could be settled.
    """
    new: list[Review] = []
    for booking in bookings:
        if booking.id in session.settled:
            continue
        try:
            review = _settled(session, booking, person, desk, mask, now)
        except ReviewConflict:
            session.settled[booking.id] = {"ok": False} | conflict(desk.reviews_of(booking.part))
        except (AccessDenied, UnknownPart, ImageRefused, ValueError) as error:
            session.settled[booking.id] = {"ok": False, "words": " ".join((type(error).__doc__ or "").split())}
        else:
            session.keep(booking, review)
            session.settled[booking.id] = {"ok": True, "revision": review.id}
            new.append(review)
    return new


def conflict(reviews: Sequence[Review]) -> Told:
    """What to tell whoever came second: what was said, and the revision to answer to."""
    newest = reviews[0] if reviews else None
    told = {"revision": newest.id if newest else 0, "words": "Somebody else was faster."}
    return told | ({"words": f"{newest.who} was faster and said: {said_words(newest)}."} if newest else {})


def said_words(review: Review) -> str:
    """`defect, scratch`."""
    opinion = review.opinion
    return f"{opinion.judgement.value}, {opinion.kind}" if opinion.kind else opinion.judgement.value


def _settled(
    session: Session,
    booking: Booking,
    person: Person,
    desk: ReviewDesk,
    mask: Callable[[Booking], bytes],
    now: datetime,
) -> Review:
    if booking.verb == UNDO:
        own = session.mine.get(booking.part)
        judgements = session.judgements.get(booking.part)
        if not own or not judgements:
            raise ReviewConflict("nothing of one's own to take back")
        return take_back(person, judgements[-1], own.id, desk, now)
    judgement = Judgement(booking.verb)
    is_defect = judgement is Judgement.DEFECT
    opinion = Opinion(judgement, booking.kind if is_defect else "", mask(booking) if is_defect else b"")
    return judge_part(person, booking.part, opinion, session.expected(booking), desk, now)


def _booking(sent: Any) -> Booking | None:
    try:
        part = frame_key(read_models.PartKey.of(sent["part"]))
        revision = sent.get("revision")
        words = {name: str(sent.get(name) or "") for name in ("kind", "mask")}
        return Booking(
            str(sent["id"]), part, str(sent["verb"]), **words, revision=None if revision is None else int(revision)
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
