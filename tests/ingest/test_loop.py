"""A whole run: pictures become frames, reach the bus, and every counter adds up."""

from threading import Event
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.in_memory import MemoryArtifacts, MemoryBus
from core.adapters.in_memory_ledger import MemoryLedger
from core.camera import DropPolicy
from core.frame import DroppedFrame, Frame
from core.wire import FRAME_LIMIT, from_record
from ingest.cameras import Capture, Oversized
from ingest.counters import Counts
from ingest.loop import SenderStopped, Surroundings, run_camera
from tests.ingest.twins import (
    IDENTITY,
    NOON,
    SILENT,
    AnsweringBus,
    HandBus,
    HandClock,
    ListCamera,
    MemoryJournal,
    plan,
    surroundings,
)

PICTURES = [Capture(f"picture {number}".encode(), f"P{number}", "L1", number % 2 == 0) for number in range(5)]


def run_on_memory_bus(camera: ListCamera, frames: int | None = None) -> tuple[Counts, MemoryBus, MemoryJournal]:
    clock, ledger, journal = HandClock(), MemoryLedger(), MemoryJournal()
    bus = MemoryBus(clock.now, ledger.next_offsets)
    around = Surroundings(bus, MemoryArtifacts(), ledger, journal, clock.now, clock, clock.rest)
    counts = run_camera(camera, plan(frames), around, Event())
    assert ledger.runs()[0].captured == counts.captured
    return counts, bus, journal


def test_every_picture_becomes_a_frame_with_its_stamps() -> None:
    """Camera, start, sequence from 0, product, part, lot, time, and the bytes as they were."""
    counts, bus, journal = run_on_memory_bus(ListCamera(list(PICTURES)))
    frames = [from_record(record) for record, _ in bus.logs[0]]
    assert all(isinstance(frame, Frame) for frame in frames)
    assert [frame.content for frame in frames if isinstance(frame, Frame)] == [taken.content for taken in PICTURES]
    assert [frame.header.id.sequence for frame in frames] == [0, 1, 2, 3, 4]
    header = frames[3].header
    assert (header.id.camera, header.id.start_id, header.product) == ("line1-top", IDENTITY.start_id, "disc")
    assert (header.part_id, header.lot) == ("P3", "L1")
    assert header.captured_at > NOON
    assert list(journal.truths.values()) == [True, False, True, False, True]
    assert (counts.captured, counts.acknowledged, counts.unsettled) == (5, 5, 0)


def test_a_frame_is_in_the_journal_before_it_is_on_the_bus() -> None:
    """Or a kill between the two would leave a row that no journal knows."""
    journal, clock = MemoryJournal(), HandClock()

    class WatchingBus(HandBus):
        def publish(self, record):  # type: ignore[no-untyped-def]
            assert from_record(record).header.id in journal.headers
            told = super().publish(record)
            self.take_all()
            return told

    counts = run_camera(
        ListCamera(list(PICTURES)), plan(), surroundings(WatchingBus(), journal, clock, MemoryLedger()), Event()
    )
    assert counts.acknowledged == 5
    for sequence in range(5):
        said = [kind for kind, frame_id in journal.lines if frame_id.sequence == sequence]
        assert said == ["captured", "acknowledged"]


def test_a_number_of_frames_ends_the_run() -> None:
    """As the command line promises."""
    counts, _, _ = run_on_memory_bus(ListCamera(PICTURES * 3), frames=7)
    assert counts.captured == 7


def test_silence_draws_no_sequence_number_and_is_counted() -> None:
    """Gapless numbers; what was missed is said, not hidden."""
    counts, bus, _ = run_on_memory_bus(ListCamera([PICTURES[0], SILENT, SILENT, PICTURES[1]]))
    assert [from_record(record).header.id.sequence for record, _ in bus.logs[0]] == [0, 1]
    assert (counts.captured, counts.missed) == (2, 2)


def test_the_ledger_is_told_what_the_bus_holds_and_that_the_run_is_over() -> None:
    """So that nothing of it is awaited any more."""
    clock, ledger = HandClock(), MemoryLedger()
    bus = MemoryBus(clock.now, ledger.next_offsets)
    around = Surroundings(bus, MemoryArtifacts(), ledger, MemoryJournal(), clock.now, clock, clock.rest)
    run_camera(ListCamera([PICTURES[0], Oversized(FRAME_LIMIT + 1, "0" * 64), SILENT]), plan(), around, Event())
    (told,) = ledger.runs()
    assert (told.captured, told.acknowledged, told.dropped, told.missed, told.ended) == (2, 2, 1, 1, True)
    assert told.silence == "nothing came"
    assert told.last_frame_at is not None


def test_a_camera_that_sees_again_is_not_silent_any_more() -> None:
    """The page shows what is, not what was."""
    clock, ledger = HandClock(), MemoryLedger()
    bus = MemoryBus(clock.now, ledger.next_offsets)
    around = Surroundings(bus, MemoryArtifacts(), ledger, MemoryJournal(), clock.now, clock, clock.rest)
    run_camera(ListCamera([SILENT, PICTURES[0]]), plan(), around, Event())
    assert ledger.runs()[0].silence == ""


def test_a_picture_above_the_limit_is_announced_as_dropped() -> None:
    """By name, with its size, in its place."""
    huge = Oversized(FRAME_LIMIT + 1, "0" * 64, "P9", "L9", True)
    counts, bus, journal = run_on_memory_bus(ListCamera([PICTURES[0], huge, Capture(bytes(FRAME_LIMIT + 1))]))
    kept, *announced = (from_record(record) for record, _ in bus.logs[0])
    assert isinstance(kept, Frame)
    for one in announced:
        assert isinstance(one, DroppedFrame)
        assert one.reason == f"too large: {FRAME_LIMIT + 1} bytes, the line carries {FRAME_LIMIT}"
    assert (counts.captured, counts.dropped, counts.announced) == (3, 2, 2)
    assert len(journal.dropped) == 2


def test_a_slow_camera_skips_parts_and_says_how_many() -> None:
    """At ten per second, a picture that took 0.35 s lets three parts pass."""
    clock = HandClock()

    def slow() -> Capture:
        clock.rest(0.35)
        return PICTURES[0]

    bus = MemoryBus(clock.now, MemoryLedger().next_offsets)
    around = Surroundings(bus, MemoryArtifacts(), MemoryLedger(), MemoryJournal(), clock.now, clock, clock.rest)
    assert run_camera(ListCamera([slow]), plan(rate=10.0), around, Event()).skipped == 3


def test_stop_ends_the_run_and_what_is_in_flight_is_finished() -> None:
    """The camera that sets the flag is the last one asked."""
    stop = Event()

    def last() -> Capture:
        stop.set()
        return PICTURES[1]

    clock, ledger, journal = HandClock(), MemoryLedger(), MemoryJournal()
    bus = MemoryBus(clock.now, ledger.next_offsets)
    around = Surroundings(bus, MemoryArtifacts(), ledger, journal, clock.now, clock, clock.rest)
    counts = run_camera(ListCamera([PICTURES[0], last, PICTURES[2]]), plan(), around, stop)
    assert (counts.captured, counts.acknowledged) == (2, 2)


def test_a_bus_that_never_answers_does_not_keep_a_stopped_camera() -> None:
    """After its deadline it ends, and says how many frames were not acknowledged."""
    journal = MemoryJournal()
    around = surroundings(HandBus(), journal, HandClock(), MemoryLedger())
    real = Surroundings(
        around.publisher, around.artifacts, around.registry, journal, around.clock, monotonic, around.rest
    )
    counts = run_camera(ListCamera(list(PICTURES)), plan(drain_s=0), real, Event())
    assert counts.unsettled == 5
    assert journal.sequences("acknowledged") == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_sender_that_dies_ends_the_camera_instead_of_filling_its_memory() -> None:
    """A defect is loud: the supervisor starts the process again."""

    class BrokenBus(HandBus):
        def publish(self, record):  # type: ignore[no-untyped-def]
            raise RuntimeError("a defect")

    around = surroundings(BrokenBus(), MemoryJournal(), HandClock(), MemoryLedger())
    with pytest.raises(SenderStopped):
        run_camera(ListCamera(PICTURES * 1000), plan(), around, Event())


@pytest.mark.parametrize("policy", list(DropPolicy))
@settings(max_examples=6, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 900), min_size=1, max_size=60),
    answers=st.lists(st.integers(0, 2), min_size=1, max_size=8).filter(any),
    fails_every=st.sampled_from([0, 0, 7]),
)
def test_captured_is_published_and_dropped_with_real_threads(
    policy: DropPolicy, sizes: list[int], answers: list[int], fails_every: int
) -> None:
    """Whatever the policy and the bus's rhythm: each frame is acknowledged once, as itself or as announcement."""
    bus, journal, clock = AnsweringBus(fails_every=fails_every), MemoryJournal(), HandClock()
    rhythm, ended = iter(answers * 100_000), Event()
    answering = _in_background(lambda: bus.answer(next(rhythm)), ended)
    around = Surroundings(bus, MemoryArtifacts(), MemoryLedger(), journal, clock.now, monotonic, lambda s: None)
    camera = ListCamera([Capture(b"x" * size) for size in sizes])
    counts = run_camera(
        camera, plan(policy=policy, waiting_bytes=2000, in_flight_bytes=3000, drain_s=30), around, Event()
    )
    ended.set()
    answering.join()
    assert sorted(journal.sequences("acknowledged")) == list(range(len(sizes)))
    assert counts.captured == len(sizes) == counts.acknowledged + counts.dropped
    assert counts.dropped == counts.announced
    assert policy is not DropPolicy.BLOCK or counts.dropped == 0


def _in_background(work, ended: Event):  # type: ignore[no-untyped-def]
    from threading import Thread

    def repeat() -> None:
        while not ended.wait(0.001):
            work()

    thread = Thread(target=repeat, daemon=True)
    thread.start()
    return thread
