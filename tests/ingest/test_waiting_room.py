"""Who has to go when the bus is slower than the line."""

from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.camera import DropPolicy
from core.frame import DroppedFrame, Frame
from ingest.waiting_room import Waiting, WaitingRoom
from tests.ingest.twins import TIMEOUT_S, frame

SIZES = st.lists(st.integers(0, 400), min_size=1, max_size=40)
DROPPING = [DropPolicy.DROP_OLDEST, DropPolicy.DROP_NEWEST]


def never() -> bool:
    return False


def emptied(room: WaitingRoom) -> list[Waiting]:
    taken = []
    while (waiting := room.take(None)) is not None:
        taken.append(waiting)
    return taken


@pytest.mark.parametrize("policy", DROPPING)
@given(sizes=SIZES)
def test_every_frame_comes_out_in_order_as_itself_or_as_its_announcement(policy: DropPolicy, sizes: list[int]) -> None:
    """Captured = kept + announced, whatever the sizes; the count of drops is the count of announcements."""
    room = WaitingRoom(1000, policy)
    dropped = sum(room.enter(frame(number, b"x" * size), never) for number, size in enumerate(sizes))
    held = room.held_bytes
    out = emptied(room)
    assert [waiting.header.id.sequence for waiting in out] == list(range(len(sizes)))
    assert sum(isinstance(waiting, DroppedFrame) for waiting in out) == dropped
    assert sum(len(waiting.content) for waiting in out if isinstance(waiting, Frame)) == held <= 1000
    assert room.held_bytes == 0


@given(sizes=SIZES)
def test_drop_oldest_always_keeps_the_newest_and_no_gap_before_it(sizes: list[int]) -> None:
    """What is kept is a run of frames that ends with the newest."""
    room = WaitingRoom(1000, DropPolicy.DROP_OLDEST)
    for number, size in enumerate(sizes):
        room.enter(frame(number, b"x" * size), never)
    kept = [waiting.header.id.sequence for waiting in emptied(room) if isinstance(waiting, Frame)]
    assert kept == list(range(len(sizes) - len(kept), len(sizes)))
    assert kept


@given(sizes=SIZES)
def test_drop_newest_never_touches_a_frame_that_waits(sizes: list[int]) -> None:
    """A frame that was let in comes out as itself."""
    room = WaitingRoom(1000, DropPolicy.DROP_NEWEST)
    let_in = [number for number, size in enumerate(sizes) if room.enter(frame(number, b"x" * size), never) == 0]
    assert [waiting.header.id.sequence for waiting in emptied(room) if isinstance(waiting, Frame)] == let_in
    assert let_in[0] == 0


@pytest.mark.parametrize("policy", DROPPING)
def test_a_full_room_loses_one_of_oldest_and_newest_never_both(policy: DropPolicy) -> None:
    """Two that fit and a third that does not: exactly one goes."""
    room = WaitingRoom(20, policy)
    dropped = [room.enter(frame(number, b"x" * 10), never) for number in range(3)]
    kept = [waiting.header.id.sequence for waiting in emptied(room) if isinstance(waiting, Frame)]
    assert sum(dropped) == 1
    assert kept == ([1, 2] if policy is DropPolicy.DROP_OLDEST else [0, 1])


@pytest.mark.parametrize("policy", list(DropPolicy))
def test_a_single_frame_larger_than_the_bound_is_let_through(policy: DropPolicy) -> None:
    """A small bound delays, it does not starve."""
    room = WaitingRoom(5, policy)
    assert room.enter(frame(0, b"larger than five"), never) == 0
    assert isinstance(room.take(None), Frame)


def test_what_does_not_fit_into_flight_stays_first_in_line() -> None:
    """The order is kept by waiting, not by looking further back."""
    room = WaitingRoom(10_000, DropPolicy.BLOCK)
    room.enter(frame(0, b"x" * 5000), never)
    room.enter(frame(1, b"x"), never)
    assert room.take(3000) is None
    assert [waiting.header.id.sequence for waiting in emptied(room)] == [0, 1]


def test_block_waits_until_there_is_room() -> None:
    """The camera's thread goes on as soon as the sender has taken one."""
    room, entered = WaitingRoom(10, DropPolicy.BLOCK), Event()
    room.enter(frame(0, b"x" * 10), never)
    waiting = Thread(target=lambda: (room.enter(frame(1, b"x" * 10), never), entered.set()))
    waiting.start()
    assert not entered.wait(0.1)
    room.take(None)
    assert entered.wait(TIMEOUT_S)
    waiting.join()


def test_a_blocked_camera_that_stops_still_hands_its_frame_over() -> None:
    """It was captured: it must end as a verdict like any other."""
    room = WaitingRoom(10, DropPolicy.BLOCK)
    room.enter(frame(0, b"x" * 10), never)
    room.enter(frame(1, b"x" * 10), lambda: True)
    assert [type(waiting) for waiting in emptied(room)] == [Frame, Frame]


def test_announcements_need_no_room() -> None:
    """They are small and must get through."""
    room = WaitingRoom(1, DropPolicy.BLOCK)
    room.enter(frame(0, b"x" * 100), never)
    for number in range(1, 100):
        room.enter(DroppedFrame(frame(number).header, "too large"), never)
    assert len(emptied(room)) == 100
