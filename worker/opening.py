"""From a record on the bus to pixels, or to the reason why there are none."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.attempts import TRIES
from core.errors import ArtifactMissing, ArtifactTooLarge, ContentMismatch, EnvelopeRefused, ImageRefused, ImageTooLarge
from core.frame import ClaimedFrame, DroppedFrame, Frame, FrameHeader, Image
from core.inspection import Arrival, OpenDays
from core.ports import FrameDecoder
from core.signature import Doubts, believe
from core.verdict import ErrorReason
from core.wire import Arrived, Delivery, from_record

Fetch = Callable[[str], bytes]
"""A claimed frame's content by its URI; raises ArtifactMissing, and waits where the store does not answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A frame that can be scored."""

    header: FrameHeader
    arrival: Arrival
    content: bytes
    image: Image


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A frame of one of our cameras that cannot be scored. `content` is what came of it."""

    header: FrameHeader
    arrival: Arrival
    reason: ErrorReason
    detail: str
    content: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Unfit(Unjudged):
    """A frame that was decoded and is not fit to be scored: its picture can still be shown."""

    image: Image


@dataclass(frozen=True, slots=True)
class Untrusted:
    """A record whose envelope is not to be believed, so that it has nothing but its place on the bus."""

    arrival: Arrival
    reason: ErrorReason
    detail: str
    content: bytes


Opened = Picture | Unjudged | Untrusted


def open_delivery(
    delivery: Delivery,
    days: OpenDays,
    now: datetime,
    fetch: Fetch,
    decode: FrameDecoder,
    doubts: Doubts = believe,
) -> Opened:
    """What came, as far as it can be understood. Never raises for what is in the record."""

    def look(arrived: Arrived, arrival: Arrival) -> Opened:
        return _open_arrived(arrived, arrival, fetch, decode)

    return _opened(delivery, days, now, look, doubts)


def set_aside(delivery: Delivery, days: OpenDays, now: datetime, doubts: Doubts = believe) -> Opened:
    """What came, without a look at its content, which has ended workers before."""

    def unseen(arrived: Arrived, arrival: Arrival) -> Unjudged:
        if isinstance(arrived, DroppedFrame):
            return _dropped(arrived, arrival)
        detail = f"{TRIES} workers ended with it in hand, the last {TRIES - 1} with nothing else"
        claimed = f"; its content is {arrived.uri}" if isinstance(arrived, ClaimedFrame) else ""
        return Unjudged(arrived.header, arrival, ErrorReason.POISON, detail + claimed, delivery.record.value)

    return _opened(delivery, days, now, unseen, doubts)


def filed_by_place(delivery: Delivery, days: OpenDays, now: datetime) -> Untrusted:
    """What came, without a look even at its envelope, which ended those who were to set it aside."""
    detail = f"{TRIES + 2} workers ended with it in hand, the last two while they set it aside"
    return Untrusted(arrival_of(delivery, days, now), ErrorReason.POISON, detail, delivery.record.value)


def _opened(
    delivery: Delivery, days: OpenDays, now: datetime, look: Callable[[Arrived, Arrival], Opened], doubts: Doubts
) -> Opened:
    arrival = arrival_of(delivery, days, now)
    value = delivery.record.value
    try:
        arrived = from_record(delivery.record)
    except EnvelopeRefused as error:
        return Untrusted(arrival, ErrorReason.ENVELOPE, error.detail, value)
    except ContentMismatch as error:
        # The hash is the only thing that ties these bytes to that name: without it, the name may be another's.
        return Untrusted(arrival, ErrorReason.CONTENT, error.detail, value)
    if doubt := doubts(delivery.record):
        return Untrusted(arrival, ErrorReason.SIGNATURE, doubt, value)
    # Before all other reasons: whatever else is wrong with it, its row can only be filed under the broker's time.
    if arrived.header.captured_at not in days:
        return Unjudged(arrived.header, arrival, ErrorReason.CLOCK, _clock_detail(arrived, days), value)
    return look(arrived, arrival)


def arrival_of(delivery: Delivery, days: OpenDays, now: datetime) -> Arrival:
    """When and where it came; our own time where the broker's clock is wrong too, for a row must have a day."""
    return Arrival(delivery.position, delivery.arrived_at if delivery.arrived_at in days else now)


def _open_arrived(arrived: Arrived, arrival: Arrival, fetch: Fetch, decode: FrameDecoder) -> Opened:
    if isinstance(arrived, DroppedFrame):
        return _dropped(arrived, arrival)
    if isinstance(arrived, ClaimedFrame):
        return _open_claim(arrived, arrival, fetch, decode)
    return _open_frame(arrived, arrival, decode)


def _dropped(dropped: DroppedFrame, arrival: Arrival) -> Unjudged:
    return Unjudged(dropped.header, arrival, ErrorReason.DROPPED, dropped.reason, b"")


def _open_claim(claim: ClaimedFrame, arrival: Arrival, fetch: Fetch, decode: FrameDecoder) -> Opened:
    try:
        content = fetch(claim.uri)
        frame = Frame(claim.header, content)
    except ArtifactMissing as error:
        return Unjudged(claim.header, arrival, ErrorReason.MISSING, error.detail, b"")
    except ArtifactTooLarge as error:
        return Untrusted(arrival, ErrorReason.CONTENT, error.detail, b"")
    except ContentMismatch as error:
        return Untrusted(arrival, ErrorReason.CONTENT, f"{claim.uri}: {error.detail}", content)
    return _open_frame(frame, arrival, decode)


def _open_frame(frame: Frame, arrival: Arrival, decode: FrameDecoder) -> Picture | Unjudged:
    if not frame.content:
        return Unjudged(frame.header, arrival, ErrorReason.EMPTY, "0 bytes", b"")
    try:
        return Picture(frame.header, arrival, frame.content, decode(frame.content))
    except ImageTooLarge as error:
        return Unjudged(frame.header, arrival, ErrorReason.TOO_LARGE, error.detail, frame.content)
    except ImageRefused as error:
        return Unjudged(frame.header, arrival, ErrorReason.UNDECODABLE, error.detail, frame.content)


def _clock_detail(arrived: Arrived, days: OpenDays) -> str:
    said = f"the camera's clock says {arrived.header.captured_at.isoformat()}, open are {days.first} to {days.last}"
    return f"{said}; dropped: {arrived.reason}" if isinstance(arrived, DroppedFrame) else said
