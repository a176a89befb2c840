"""From the waiting room to the bus, stepped by hand through slow answers and failures."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.camera import DropPolicy
from core.errors import ArtifactsUnavailable, FrameTooLarge
from core.frame import ClaimedFrame, DroppedFrame, Frame
from core.wire import INLINE_LIMIT, from_record
from ingest.sender import LONGEST_DELAY_S, SLOW_S
from ingest.waiting_room import ENVELOPE_BYTES
from tests.ingest.twins import Bench

EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("capture"), st.integers(0, 600)),
        st.tuples(st.just("step"), st.just(0)),
        st.tuples(st.just("take"), st.integers(0, 5)),
        st.tuples(st.just("fail"), st.integers(0, 5)),
        st.tuples(st.just("fail, though stored"), st.integers(0, 5)),
        st.tuples(st.just("bus goes"), st.just(0)),
        st.tuples(st.just("bus comes"), st.just(0)),
        st.tuples(st.just("time"), st.integers(0, 6)),
    ),
    max_size=120,
)


def apply(bench: Bench, event: tuple[str, int]) -> None:
    name, number = event
    if name == "capture":
        bench.enter(b"x" * number)
    elif name == "step":
        bench.sender.step()
    elif name == "time":
        bench.clock.rest(number)
    elif name in ("bus goes", "bus comes"):
        bench.bus.away = name == "bus goes"
    elif bench.bus.pending:
        which = number % len(bench.bus.pending)
        if name == "take":
            bench.bus.take(which)
        else:
            bench.bus.fail(which, stored=name == "fail, though stored")


@pytest.mark.parametrize("policy", list(DropPolicy))
@settings(max_examples=150, deadline=None)
@given(events=EVENTS)
def test_captured_is_published_and_dropped_together(policy: DropPolicy, events: list[tuple[str, int]]) -> None:
    """Whatever the bus does meanwhile: gapless, each acknowledged once, unchanged, as itself or as announcement."""
    bench = Bench(policy=policy, waiting_bytes=1000, in_flight_bytes=4000)
    for event in events:
        apply(bench, event)
    bench.settle()
    counts, captured = bench.counters.now, list(range(bench.entered))
    assert sorted(bench.journal.sequences("acknowledged")) == captured
    assert {arrived.header.id.sequence for arrived in bench.bus.held} == set(captured)
    assert counts.captured == counts.acknowledged + counts.dropped
    assert counts.announced == counts.dropped == len(bench.journal.dropped)
    assert counts.unsettled == 0
    assert all(arrived.header == bench.journal.headers[arrived.header.id] for arrived in bench.bus.held)


@pytest.mark.parametrize("policy", list(DropPolicy))
@settings(max_examples=60, deadline=None)
@given(events=EVENTS.map(lambda events: [event for event in events if not event[0].startswith("fail")]))
def test_frames_reach_the_bus_in_the_order_of_their_capture(policy: DropPolicy, events: list[tuple[str, int]]) -> None:
    """Announcements too: each stands where its frame would have stood."""
    bench = Bench(policy=policy, waiting_bytes=1000, in_flight_bytes=4000)
    for event in events:
        apply(bench, event)
    bench.settle()
    published = [from_record(record).header.id.sequence for record in bench.bus.publications]
    assert published == list(range(bench.entered))


@settings(max_examples=60, deadline=None)
@given(events=EVENTS)
def test_no_more_is_in_flight_than_the_bound_or_a_single_frame(events: list[tuple[str, int]]) -> None:
    """The client library has no bound: this is it."""
    bench = Bench(policy=DropPolicy.BLOCK, in_flight_bytes=4000)
    for event in events:
        apply(bench, event)
        records = [record for record, _ in bench.bus.pending]
        assert len(records) <= 1 or sum(len(record.value) + ENVELOPE_BYTES for record in records) <= 4000


def test_a_frame_sent_again_keeps_its_header() -> None:
    """Same sequence, same captured_at: the ledger knows it as the same frame."""
    bench = Bench()
    bench.enter()
    bench.sender.step()
    bench.bus.fail(stored=True)
    bench.clock.rest(60)
    bench.settle()
    first, again = bench.bus.held
    assert first.header == again.header
    assert bench.journal.sequences("acknowledged") == [0]
    assert bench.counters.now.failed_sends == 1


def test_failed_frames_go_first_and_only_after_all_in_flight_have_settled() -> None:
    """So a camera's order is disturbed no more than the failure itself did."""
    bench = Bench()
    for _ in range(3):
        bench.enter()
    bench.sender.step()
    bench.bus.fail(1)
    bench.enter()
    bench.clock.rest(60)
    bench.sender.step()
    assert len(bench.bus.publications) == 3
    bench.bus.take_all()
    bench.settle()
    assert [arrived.header.id.sequence for arrived in bench.bus.held] == [0, 2, 1, 3]


def test_an_absent_bus_is_asked_less_and_less_often() -> None:
    """In one step at most once, and after pauses that grow up to a bound."""
    bench = Bench()
    bench.bus.away = True
    bench.enter()
    for _ in range(600):
        bench.sender.step()
        bench.clock.rest(0.1)
    assert 60 / LONGEST_DELAY_S <= bench.counters.now.failed_sends <= 60 / LONGEST_DELAY_S + 8
    bench.settle()
    assert bench.journal.sequences("acknowledged") == [0]


def test_a_bus_that_does_not_answer_takes_no_frames_until_it_does() -> None:
    """It may refuse nothing for as long as it is away: its silence is seen all the same."""
    bench = Bench()
    bench.enter(b"part")
    bench.sender.step()
    assert bench.sender.is_taken
    bench.clock.rest(SLOW_S)
    assert not bench.sender.is_taken
    bench.bus.take(0)
    bench.sender.step()
    assert bench.sender.is_taken


def test_the_sender_says_it_did_not_fail_when_it_ends_as_told() -> None:
    """Only a defect makes it look dead."""
    bench = Bench()
    bench.sender.run(lambda: True)
    assert not bench.sender.failed


def test_a_frame_above_the_inline_limit_travels_as_a_claim() -> None:
    """Its content lies in the artifact store, byte for byte, and no longer in memory."""
    bench = Bench(waiting_bytes=10 * INLINE_LIMIT, in_flight_bytes=10 * INLINE_LIMIT)
    content = b"x" * (INLINE_LIMIT + 1)
    bench.enter(content[:-1])
    bench.enter(content)
    bench.settle()
    inline, claim = bench.bus.held
    assert isinstance(inline, Frame)
    assert isinstance(claim, ClaimedFrame)
    assert bench.artifacts.get(claim.uri) == content


@dataclass
class AwayOnce:
    """ArtifactStore that is away at its first call."""

    calls: int = 0

    def put(self, name: str, content: bytes) -> str:
        self.calls += 1
        if self.calls == 1:
            raise ArtifactsUnavailable("away")
        return f"twin:{name}"

    def get(self, uri: str) -> bytes:
        raise ArtifactsUnavailable(uri)


def test_an_absent_artifact_store_delays_a_large_frame_and_what_comes_after_it() -> None:
    """In order, and nothing is lost."""
    bench = Bench(waiting_bytes=10 * INLINE_LIMIT, in_flight_bytes=10 * INLINE_LIMIT)
    bench.sender.artifacts = AwayOnce()
    bench.enter(b"x" * (INLINE_LIMIT + 1))
    bench.enter()
    bench.sender.step()
    assert bench.bus.publications == []
    bench.settle()
    assert [type(arrived) for arrived in bench.bus.held] == [ClaimedFrame, Frame]


def test_a_frame_that_the_bus_finds_too_large_is_announced_as_dropped() -> None:
    """Sending it again would never end."""
    bench = Bench()
    bench.enter()
    bench.sender.step()
    bench.bus.fail(error=FrameTooLarge("for this topic"))
    bench.settle()
    (announced,) = bench.bus.held
    assert isinstance(announced, DroppedFrame)
    assert announced.reason.startswith("too large")
    assert bench.counters.now.dropped == bench.counters.now.announced == 1


def test_a_cancelled_publication_is_sent_again() -> None:
    """A client that shuts down cancels: that is no acknowledgement."""
    bench = Bench()
    bench.enter()
    bench.sender.step()
    bench.bus.pending.pop()[1].cancel()
    bench.settle()
    assert bench.journal.sequences("acknowledged") == [0]


def test_an_error_of_the_bus_is_no_error_of_the_sender() -> None:
    """A publish that raises at once is handled as one whose future fails."""
    bench = Bench()
    bench.bus.away = True
    bench.enter()
    bench.sender.step()
    assert bench.counters.now.failed_sends == 1
