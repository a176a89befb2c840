"""Twins and builders of this folder's tests: a bus that is slow or fails, a clock that is moved by hand."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

from core.adapters.in_memory import MemoryArtifacts
from core.adapters.in_memory_ledger import MemoryLedger
from core.camera import DropPolicy
from core.errors import BusUnavailable
from core.frame import DroppedFrame, Frame, FrameHeader, FrameId
from core.inspection import Position
from core.wire import Arrived, Record, from_record
from ingest.cameras import CameraEnded, CameraSilent, Capture, Taken
from ingest.counters import Counters
from ingest.loop import Plan, Surroundings
from ingest.sender import Sender
from ingest.stamping import Identity, stamp
from ingest.waiting_room import WaitingRoom

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
IDENTITY = Identity("line1-top", "disc", "0123456789ab")
TIMEOUT_S = 10.0


@dataclass
class HandClock:
    """Monotonic seconds and wall clock that only move when told to."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def rest(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class HandBus:
    """FramePublisher whose answers are given by hand; `log` is what the bus holds, in its order."""

    log: list[Record] = field(default_factory=list)
    pending: list[tuple[Record, "Future[Position]"]] = field(default_factory=list)
    publications: list[Record] = field(default_factory=list)
    away: bool = False

    def publish(self, record: Record) -> "Future[Position]":
        if self.away:
            raise BusUnavailable("away")
        told: Future[Position] = Future()
        self.publications.append(record)
        self.pending.append((record, told))
        return told

    def close(self, timeout_s: float) -> None:
        """Nothing to let go of."""

    def take(self, which: int = 0) -> None:
        """Store it and acknowledge."""
        record, told = self.pending.pop(which)
        self.log.append(record)
        told.set_result(Position("twin", 0, len(self.log) - 1))

    def take_all(self) -> None:
        while self.pending:
            self.take()

    def fail(self, which: int = 0, stored: bool = False, error: Exception | None = None) -> None:
        """Answer with an error; `stored`: although the bus holds it, as after a lost answer."""
        record, told = self.pending.pop(which)
        if stored:
            self.log.append(record)
        told.set_exception(error or BusUnavailable("lost"))

    @property
    def held(self) -> list[Arrived]:
        return [from_record(record) for record in self.log]


@dataclass
class AnsweringBus(HandBus):
    """Answers from the camera's own rhythm: each `answer` call settles so many; every n-th publication fails."""

    fails_every: int = 0
    lock: Lock = field(default_factory=Lock)

    def publish(self, record: Record) -> "Future[Position]":
        with self.lock:
            return super().publish(record)

    def answer(self, count: int) -> None:
        """Settle the oldest so many."""
        for _ in range(count):
            with self.lock:
                if not self.pending:
                    return
                record, told = self.pending.pop(0)
                failed = bool(self.fails_every) and len(self.publications) % self.fails_every == 0
                if not failed:
                    self.log.append(record)
                place = len(self.log) - 1
            if failed:
                told.set_exception(BusUnavailable("lost"))
            else:
                told.set_result(Position("twin", 0, place))


@dataclass
class MemoryJournal:
    """Journal that remembers; `lines` holds ("captured" or "acknowledged", id) in order."""

    lines: list[tuple[str, FrameId]] = field(default_factory=list)
    headers: dict[FrameId, FrameHeader] = field(default_factory=dict)
    dropped: dict[FrameId, str] = field(default_factory=dict)
    truths: dict[FrameId, bool | None] = field(default_factory=dict)

    def captured(self, header: FrameHeader, defect: bool | None) -> None:
        self.lines.append(("captured", header.id))
        self.headers[header.id] = header
        self.truths[header.id] = defect

    def acknowledged(self, frame_id: FrameId, dropped: str | None) -> None:
        self.lines.append(("acknowledged", frame_id))
        if dropped is not None:
            self.dropped[frame_id] = dropped

    def close(self) -> None:
        """Nothing to close."""

    def sequences(self, kind: str) -> list[int]:
        return [frame_id.sequence for said, frame_id in self.lines if said == kind]


@dataclass
class ListCamera:
    """A camera that gives what it is given; a callable among it is called, an error is raised."""

    pictures: list[Taken | Exception | Callable[[], Taken]]
    closed: bool = False

    def grab(self) -> Taken:
        if not self.pictures:
            raise CameraEnded
        picture = self.pictures.pop(0)
        if isinstance(picture, Exception):
            raise picture
        return picture() if callable(picture) else picture

    def close(self) -> None:
        self.closed = True


SILENT = CameraSilent("nothing came")


@dataclass
class Bench:
    """A sender with its room, stepped by hand: no threads."""

    policy: DropPolicy = DropPolicy.DROP_OLDEST
    waiting_bytes: int = 1000
    in_flight_bytes: int = 10_000
    clock: HandClock = field(default_factory=HandClock)
    bus: HandBus = field(default_factory=HandBus)
    artifacts: MemoryArtifacts = field(default_factory=MemoryArtifacts)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    counters: Counters = field(default_factory=Counters)
    entered: int = 0

    def __post_init__(self) -> None:
        self.room = WaitingRoom(self.waiting_bytes, self.policy)
        self.sender = Sender(
            self.room, self.bus, self.artifacts, self.journal, self.counters, self.clock, self.in_flight_bytes
        )

    def enter(self, content: bytes = b"picture") -> None:
        """The next frame is captured."""
        arrived = stamp(IDENTITY, self.entered, self.clock.now(), Capture(content))
        self.entered += 1
        self.journal.captured(arrived.header, None)
        self.counters.add("captured")
        dropped = self.room.enter(arrived, stopping=lambda: True)
        self.counters.add("dropped", dropped + isinstance(arrived, DroppedFrame))

    def settle(self) -> None:
        """The bus is well again: everything gets through."""
        self.bus.away = False
        while not self.sender.idle:
            self.sender.step()
            self.bus.take_all()
            self.clock.rest(10.0)


def plan(
    frames: int | None = None, policy: DropPolicy = DropPolicy.BLOCK, rate: float = 1000.0, **changed: int
) -> Plan:
    """A plan for short tests."""
    return Plan(identity=IDENTITY, rate=rate, policy=policy, frames=frames, **changed)  # type: ignore[arg-type]


def surroundings(bus: HandBus, journal: MemoryJournal, clock: HandClock, ledger: MemoryLedger) -> Surroundings:
    """Twins all around, on a clock that jumps instead of waiting."""
    return Surroundings(bus, MemoryArtifacts(), ledger, journal, clock.now, clock, clock.rest)


def frame(sequence: int, content: bytes = b"picture") -> Frame:
    """A frame of our camera."""
    made = stamp(IDENTITY, sequence, NOON, Capture(content))
    assert isinstance(made, Frame)
    return made
