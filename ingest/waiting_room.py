"""Where frames wait for the bus, bounded in bytes; who has to go when it is full is the camera's drop policy."""

from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Condition

from core.camera import DropPolicy
from core.frame import DroppedFrame, Frame

Waiting = Frame | DroppedFrame

ENVELOPE_BYTES = 1024
"""What a record costs beside its content, so that announcements are not free either."""


def cost_of(waiting: Waiting) -> int:
    """Bytes a frame holds while it waits or is in flight."""
    return ENVELOPE_BYTES + (len(waiting.content) if isinstance(waiting, Frame) else 0)


class WaitingRoom:
    """Frames in the order of their capture. The camera's thread enters them, the sender's thread takes them.

    A dropped frame leaves its announcement in its own place, so that order and number never change. One frame
    may always wait, however large, so that a small bound delays but never starves.
    """

    def __init__(self, limit_bytes: int, policy: DropPolicy) -> None:
        self._limit = limit_bytes
        self._policy = policy
        self._line: OrderedDict[int, Waiting] = OrderedDict()
        self._droppable: deque[int] = deque()
        self._held = 0
        self._changed = Condition()

    def __len__(self) -> int:
        return len(self._line)

    @property
    def held_bytes(self) -> int:
        """Bytes of content that wait."""
        return self._held

    def enter(self, arrived: Waiting, stopping: Callable[[], bool]) -> int:
        """Queue a frame or an announcement; returns how many frames were dropped for it.

        Policy `block` waits for room; a frame in hand when the camera stops is queued all the same.
        """
        with self._changed:
            if isinstance(arrived, DroppedFrame):
                self._append(arrived)
                return 0
            if self._policy is DropPolicy.BLOCK:
                return self._enter_blocking(arrived, stopping)
            if self._policy is DropPolicy.DROP_NEWEST:
                return self._enter_or_announce(arrived)
            return self._enter_in_place_of_oldest(arrived)

    def take(self, room_bytes: int | None) -> Waiting | None:
        """The next in line if it fits into so many bytes (None: whatever its size), else None."""
        with self._changed:
            if not self._line:
                return None
            first = next(iter(self._line.values()))
            if room_bytes is not None and cost_of(first) > room_bytes:
                return None
            self._forget_first(first)
            self._changed.notify_all()
            return first

    def _fits(self, frame: Frame) -> bool:
        return not self._droppable or self._held + len(frame.content) <= self._limit

    def _enter_blocking(self, frame: Frame, stopping: Callable[[], bool]) -> int:
        while not self._fits(frame) and not stopping():
            self._changed.wait(timeout=0.05)
        self._append(frame)
        return 0

    def _enter_or_announce(self, frame: Frame) -> int:
        if self._fits(frame):
            self._append(frame)
            return 0
        self._append(DroppedFrame(frame.header, f"{self._policy}: the bus is slower than the line"))
        return 1

    def _enter_in_place_of_oldest(self, frame: Frame) -> int:
        dropped = 0
        while not self._fits(frame):
            self._drop(self._droppable.popleft())
            dropped += 1
        self._append(frame)
        return dropped

    def _append(self, arrived: Waiting) -> None:
        sequence = arrived.header.id.sequence
        self._line[sequence] = arrived
        if isinstance(arrived, Frame):
            self._droppable.append(sequence)
            self._held += len(arrived.content)

    def _drop(self, sequence: int) -> None:
        header = self._line[sequence].header
        self._line[sequence] = DroppedFrame(header, f"{self._policy}: the bus is slower than the line")
        self._held -= header.size

    def _forget_first(self, first: Waiting) -> None:
        self._line.popitem(last=False)
        if isinstance(first, Frame):
            self._droppable.popleft()
            self._held -= len(first.content)
