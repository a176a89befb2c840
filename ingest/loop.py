"""One camera's run: pictures become frames at the line's speed and reach the bus in order."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from threading import Event, Thread

import structlog

from core.camera import DropPolicy, masked
from core.errors import LineError
from core.frame import DroppedFrame
from core.health import Pulse
from core.inspection import CameraRun
from core.ports import ArtifactStore, CameraRegistry, Clock, FramePublisher
from ingest.cameras import Camera, CameraEnded, CameraSilent
from ingest.counters import Counters, Counts, Sight, to_camera_run
from ingest.journal import Journal
from ingest.pacing import Monotonic, Pace
from ingest.reporting import Reporter
from ingest.sender import IDLE_S, Sender
from ingest.stamping import Identity, stamp
from ingest.vitals import CameraState
from ingest.waiting_room import WaitingRoom

MIB = 1024 * 1024
LAST_REPORT_S = 1.0

log = structlog.get_logger()


class SenderStopped(LineError):
    """The thread that sends frames has ended by itself: a defect of this program; see the traceback above."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a camera runs. `frames` is how many to capture, None for as long as nobody stops it."""

    identity: Identity
    rate: float
    policy: DropPolicy = DropPolicy.BLOCK
    frames: int | None = None
    waiting_bytes: int = 64 * MIB
    in_flight_bytes: int = 32 * MIB
    report_interval_s: float = 1.0
    drain_s: float = 5.0


Attend = Callable[[Callable[[], CameraState]], AbstractContextManager[object]]
"""Who looks at a run while it lasts, given how to ask for its state."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything a run touches: passed in, so that a test or a drill can pass twins.

    `rest` waits for so many seconds, or less where the camera is to stop.
    """

    publisher: FramePublisher
    artifacts: ArtifactStore
    registry: CameraRegistry
    journal: Journal
    clock: Clock
    monotonic: Monotonic
    rest: Callable[[float], object]
    attend: Attend = nullcontext


@dataclass
class Run:
    """One camera's run while it lasts."""

    camera: Camera
    plan: Plan
    around: Surroundings
    stop: Event
    counters: Counters
    room: WaitingRoom
    sender: Sender
    rounds: Pulse
    pictures: Pulse
    sight: Sight = field(default_factory=Sight)

    @property
    def seen(self) -> bool:
        """Whether the camera gives pictures just now."""
        return not self.sight.silence

    def told(self, ended: bool) -> CameraRun:
        """What the ledger is told now."""
        return to_camera_run(self.plan.identity, self.counters.now, self.around.clock(), self.sight, ended)

    def state(self) -> CameraState:
        """As it stands; any thread may ask."""
        return CameraState(
            self.plan.identity,
            self.counters.now,
            len(self.room),
            self.room.held_bytes,
            self.sender.in_flight_bytes,
            self.rounds,
            self.pictures,
            self.seen,
            self.sender.is_taken,
        )


def run_camera(camera: Camera, plan: Plan, around: Surroundings, stop: Event) -> Counts:
    """Run until the frames are taken, the source ends or somebody sets `stop`; then finish what is in flight.

    Waits at most `plan.drain_s` for the bus and one second for the last report. Closes neither camera nor
    publisher nor journal: they belong to whoever opened them.

    Raises:
        SenderStopped: A defect of this program ended the thread that sends.
    """
    counters = Counters()
    room = WaitingRoom(plan.waiting_bytes, plan.policy)
    sender = Sender(
        room, around.publisher, around.artifacts, around.journal, counters, around.monotonic, plan.in_flight_bytes
    )
    beats = (Pulse(around.monotonic), Pulse(around.monotonic))
    run = Run(camera, plan, around, stop, counters, room, sender, *beats)
    reporter = Reporter(around.registry, run.told, plan.report_interval_s)
    with (
        around.attend(run.state),
        _beside(reporter.run, "reporter", wait_s=LAST_REPORT_S),
        sending(sender, around.monotonic, plan.drain_s),
    ):
        capture_all(run)
    _refuse_dead_sender(run)
    return counters.now


def capture_all(run: Run) -> None:
    """One picture per tick, until there is a reason to end."""
    pace = Pace(run.plan.rate, run.around.monotonic)
    limit = run.plan.frames
    while not run.stop.is_set() and (limit is None or run.counters.now.captured < limit):
        run.rounds.beat()
        if remaining := pace.remaining_s():
            run.around.rest(remaining)
            continue
        try:
            capture_one(run)
        except CameraSilent as error:
            _note_silence(run, error)
        except CameraEnded:
            return
        _refuse_dead_sender(run)
        if skipped := pace.advance():
            run.counters.add("skipped", skipped)


def capture_one(run: Run) -> None:
    """One part passes the camera. The order of effects is the algorithm; a comment says what a crash leaves behind."""
    taken = run.camera.grab()
    run.pictures.beat()
    # Crash: no number was drawn, no row is missing; the part passed unseen, as it does while no camera runs.
    sequence = run.counters.now.captured
    arrived = stamp(run.plan.identity, sequence, run.around.clock(), taken)
    run.around.journal.captured(arrived.header, taken.defect)
    # Crash: the journal names a frame that nobody acknowledged. The next start draws a new start id.
    run.counters.add("captured")
    run.counters.add("dropped", isinstance(arrived, DroppedFrame) + run.room.enter(arrived, run.stop.is_set))
    # From here the sender goes on: publish (crash: the bus may or may not hold the frame, and a row may come),
    # then the journal's acknowledged line (crash before it: a row that the journal does not promise, never the
    # other way round), then the counters, which only inform.
    run.sender.wake.set()
    if not run.seen:
        log.info("camera_seen_again", camera=run.plan.identity.camera)
    run.sight = Sight(last_frame_at=arrived.header.captured_at)


@contextmanager
def sending(sender: Sender, monotonic: Monotonic, drain_s: float) -> Iterator[None]:
    """Send beside the block, and for at most so many seconds after it what has not been acknowledged yet."""
    last_call = Event()
    deadline = [float("inf")]

    def ended() -> bool:
        return last_call.is_set() and (sender.idle or monotonic() >= deadline[0])

    def send(_: Event) -> None:
        sender.run(ended)

    with _beside(send, "sender", wait_s=drain_s + 2 * IDLE_S):
        try:
            yield
        finally:
            deadline[0] = monotonic() + drain_s
            last_call.set()
            sender.wake.set()


@contextmanager
def _beside(work: Callable[[Event], None], name: str, wait_s: float) -> Iterator[None]:
    """Run work in a thread of its own until the block ends; wait for it, but never hang on it."""
    ended = Event()
    thread = Thread(target=work, args=(ended,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(wait_s)


def _note_silence(run: Run, error: CameraSilent) -> None:
    run.counters.add("missed")
    said = masked(error.detail or str(error))
    if run.seen:
        log.warning("camera_silent", camera=run.plan.identity.camera, error=said)
    run.sight = replace(run.sight, silence=said)


def _refuse_dead_sender(run: Run) -> None:
    if run.sender.failed:
        raise SenderStopped
