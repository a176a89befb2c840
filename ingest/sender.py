"""From the waiting room to the bus: hand over, wait for the acknowledgement, send again what failed."""

import math
from bisect import insort
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event

import structlog

from core.errors import ArtifactsUnavailable, BusUnavailable, FrameTooLarge
from core.frame import ClaimedFrame, DroppedFrame, Frame
from core.inspection import Position
from core.ports import ArtifactStore, FramePublisher
from core.wire import INLINE_LIMIT, Arrived, to_record
from ingest.counters import Counters
from ingest.journal import Journal
from ingest.pacing import Monotonic
from ingest.stamping import TOO_LARGE
from ingest.waiting_room import ENVELOPE_BYTES, WaitingRoom

FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 5.0
IDLE_S = 0.5
SLOW_S = 10.0
"""A bus that has not answered for so long takes nothing just now, though it may still."""

log = structlog.get_logger()


def sequence_of(arrived: Arrived) -> int:
    """Where the frame stands in its camera's order."""
    return arrived.header.id.sequence


def cost_of(arrived: Arrived) -> int:
    """Bytes a record holds while it is in flight."""
    return ENVELOPE_BYTES + (len(arrived.content) if isinstance(arrived, Frame) else 0)


@dataclass
class Sender:
    """Owned by one thread that calls `step`; everything that could be argued about happens there.

    In flight are at most `limit_bytes`, or a single frame. After a failure nothing new is handed over until every
    frame in flight has settled; then the failed ones go first, in order, with the header they had.
    """

    room: WaitingRoom
    publisher: FramePublisher
    artifacts: ArtifactStore
    journal: Journal
    counters: Counters
    monotonic: Monotonic
    limit_bytes: int
    wake: Event = field(default_factory=Event)
    _in_flight: dict[int, tuple[Arrived, float]] = field(default_factory=dict)
    _in_flight_bytes: int = 0
    _settled: SimpleQueue[tuple[int, BaseException | None]] = field(default_factory=SimpleQueue)
    _unsent: list[Arrived] = field(default_factory=list)
    _holding: bool = False
    _delay_s: float = FIRST_DELAY_S
    _again_at: float = 0.0
    _unanswered_since: float = math.inf
    failed: bool = False

    @property
    def idle(self) -> bool:
        """Nothing waits, nothing is in flight."""
        return not (self.room or self._unsent or self._in_flight)

    @property
    def in_flight_bytes(self) -> int:
        """Bytes handed over and not acknowledged yet."""
        return self._in_flight_bytes

    @property
    def is_taken(self) -> bool:
        """Whether the bus took what it was given last, or has not had long to do so."""
        return not self._holding and self.monotonic() - self._unanswered_since < SLOW_S

    def run(self, ended: Callable[[], bool]) -> None:
        """Step whenever there is something to do, until told to end."""
        as_told = False
        try:
            while not ended():
                self.step()
                self.wake.wait(self._patience_s())
                self.wake.clear()
            as_told = True
        finally:
            self.failed = not as_told

    def step(self) -> None:
        """Settle what the bus has answered, then hand over what fits."""
        self._settle_all()
        self._hand_over()
        self._unanswered_since = next(
            (at for _, at in self._in_flight.values()), math.inf
        )  # in the order of handing over

    def _hand_over(self) -> None:
        if self._holding and (self._in_flight or self.monotonic() < self._again_at):
            return
        self._holding = False
        while not self._holding and (arrived := self._next()) is not None:
            self._send(arrived)

    def _patience_s(self) -> float:
        return max(0.0, min(IDLE_S, self._again_at - self.monotonic())) if self._holding else IDLE_S

    def _next(self) -> Arrived | None:
        """The oldest that fits; a single one fits always."""
        free = self.limit_bytes - self._in_flight_bytes if self._in_flight else None
        if not self._unsent:
            return self.room.take(free)
        if free is not None and cost_of(self._unsent[0]) > free:
            return None
        return self._unsent.pop(0)

    def _send(self, arrived: Arrived) -> None:
        try:
            sendable = self._claimed(arrived)
            future = self.publisher.publish(to_record(sendable))
        except (ArtifactsUnavailable, BusUnavailable) as error:
            self._keep(arrived, error)
            return
        sequence = sequence_of(arrived)
        self._in_flight[sequence] = sendable, self.monotonic()
        self._in_flight_bytes += cost_of(sendable)
        future.add_done_callback(lambda done: self._tell(sequence, done))

    def _claimed(self, arrived: Arrived) -> Arrived:
        """Large frames wait in the artifact store, the bus carries the claim. Idempotent: the name is the frame's."""
        if not isinstance(arrived, Frame) or arrived.header.size <= INLINE_LIMIT:
            return arrived
        day = arrived.header.captured_at.date().isoformat()
        return ClaimedFrame(arrived.header, self.artifacts.put(f"claims/{day}/{arrived.header.id}", arrived.content))

    def _tell(self, sequence: int, done: Future[Position]) -> None:
        """Runs on the bus's own thread: only note the answer and wake ours."""
        error = BusUnavailable("cancelled") if done.cancelled() else done.exception()
        self._settled.put((sequence, error))
        self.wake.set()

    def _settle_all(self) -> None:
        while True:
            try:
                sequence, error = self._settled.get_nowait()
            except Empty:
                return
            arrived, _ = self._in_flight.pop(sequence)
            self._in_flight_bytes -= cost_of(arrived)
            self._settle(arrived, error)

    def _settle(self, arrived: Arrived, error: BaseException | None) -> None:
        if error is None:
            self._acknowledge(arrived)
        elif isinstance(error, FrameTooLarge) and not isinstance(arrived, DroppedFrame):
            self.counters.add("dropped")
            insort(self._unsent, DroppedFrame(arrived.header, f"{TOO_LARGE} for the bus"), key=sequence_of)
        else:
            self._keep(arrived, error)

    def _acknowledge(self, arrived: Arrived) -> None:
        dropped = arrived.reason if isinstance(arrived, DroppedFrame) else None
        self.journal.acknowledged(arrived.header.id, dropped)
        self.counters.add("acknowledged" if dropped is None else "announced")
        if self._delay_s != FIRST_DELAY_S and not self._unsent:
            log.info("bus_took_frames_again", camera=arrived.header.id.camera)
            self._delay_s = FIRST_DELAY_S

    def _keep(self, arrived: Arrived, error: BaseException) -> None:
        """Send it again later. A failure while we are already holding belongs to the same outage."""
        insort(self._unsent, arrived, key=sequence_of)
        self.counters.add("failed_sends")
        if self._holding:
            return
        self._holding = True
        self._again_at = self.monotonic() + self._delay_s
        log.warning("frame_not_taken", frame=str(arrived.header.id), error=str(error), again_in_s=self._delay_s)
        self._delay_s = min(2 * self._delay_s, LONGEST_DELAY_S)
