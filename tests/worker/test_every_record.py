"""Every record ends in exactly one result, whatever it is, and for the reason that is true."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.frame import ClaimedFrame, DroppedFrame, FrameId
from core.inspection import Failure, Inspection, OpenDays, Refusal
from core.product import Recipe
from core.verdict import Decision, ErrorReason
from core.wire import FRAME_LIMIT, Record, to_record
from tests.worker.in_memory_line import NOON, START, GreyDetector, Line, frame, header, png


def forged(sequence: int) -> Record:
    """Our camera's name and number over bytes that are not its own."""
    return replace(to_record(frame(sequence)), value=b"something else")


POISON: dict[str, tuple[Callable[[int], Record], ErrorReason]] = {
    "empty": (lambda n: to_record(frame(n, content=b"")), ErrorReason.EMPTY),
    "text": (lambda n: to_record(frame(n, content=b"hello")), ErrorReason.UNDECODABLE),
    "truncated": (lambda n: to_record(frame(n, content=png()[:20])), ErrorReason.UNDECODABLE),
    "too large": (lambda n: to_record(frame(n, content=b"BIG")), ErrorReason.TOO_LARGE),
    "dropped": (lambda n: to_record(DroppedFrame(header(n), "queue full")), ErrorReason.DROPPED),
    "lost claim": (lambda n: to_record(ClaimedFrame(header(n), "memory:gone")), ErrorReason.MISSING),
    "wrong clock": (
        lambda n: to_record(frame(n, captured_at=NOON - timedelta(days=9000))),
        ErrorReason.CLOCK,
    ),
    "dropped, wrong clock": (
        lambda n: to_record(DroppedFrame(header(n, captured_at=NOON - timedelta(days=9000)), "full")),
        ErrorReason.CLOCK,
    ),
    "no model": (lambda n: to_record(frame(n, product="unknown")), ErrorReason.NO_MODEL),
    "forged": (forged, ErrorReason.CONTENT),
    "not ours": (lambda n: Record(b"cam", (("who", b"me"),), b"x"), ErrorReason.ENVELOPE),
}


def line_of_november() -> Line:
    line = Line()
    line.ledger.days = OpenDays(date(2026, 11, 17), date(2026, 12, 8))
    line.promote()
    return line


@pytest.mark.parametrize("kind", POISON)
def test_each_kind_of_poison_becomes_one_error_row_with_its_reason(kind: str) -> None:
    """And the good frames around it are judged."""
    line = line_of_november()
    make, reason = POISON[kind]
    line.publish(frame(1))
    line.bus.publish(make(2))
    line.publish(frame(3))
    line.work()
    results = list(line.ledger.results.values())
    errors = [result for result in results if not isinstance(result, Inspection)]
    assert [result.reason for result in errors] == [reason]
    assert len(results) == 3


def test_a_claim_on_an_object_that_is_no_frame_is_refused_unread() -> None:
    """A stranger may name the largest thing in the store: nothing of it is loaded, decoded or kept once more."""
    line = line_of_november()
    uri = line.artifacts.put("bundles/disc/weights", bytes(FRAME_LIMIT + 1))
    line.bus.publish(to_record(ClaimedFrame(header(1), uri)))
    line.work()
    (result,) = line.ledger.results.values()
    assert isinstance(result, Refusal)
    assert result.reason is ErrorReason.CONTENT
    assert result.evidence.frame_uri == ""


@pytest.mark.parametrize("kind", ["text", "truncated", "too large", "forged", "not ours", "wrong clock", "no model"])
def test_what_came_of_a_bad_frame_is_kept(kind: str) -> None:
    line = line_of_november()
    record = POISON[kind][0](1)
    line.bus.publish(record)
    line.work()
    (result,) = line.ledger.results.values()
    assert not isinstance(result, Inspection)
    assert line.artifacts.get(result.evidence.frame_uri) == record.value


@given(st.lists(st.sampled_from([*POISON, "good", "claimed"]), max_size=24), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_every_record_of_any_mix_ends_in_exactly_one_result(kinds: list[str], batch: int) -> None:
    line = line_of_november()
    for number, kind in enumerate(kinds):
        if kind in POISON:
            line.bus.publish(POISON[kind][0](number))
        elif kind == "good":
            line.publish(frame(number))
        else:
            sent = frame(number)
            line.publish(ClaimedFrame(sent.header, line.artifacts.put(f"claims/{number}", sent.content)))
    line.work(line.bench(frames=batch))
    results = list(line.ledger.results.values())
    reasons = sorted(result.reason for result in results if not isinstance(result, Inspection))
    assert len(results) == len(kinds)
    assert reasons == sorted(POISON[kind][1] for kind in kinds if kind in POISON)


def test_a_forged_record_never_shadows_the_real_frame() -> None:
    """The same camera, start and number: the forged one is known by its place on the bus, the real one is judged."""
    line = line_of_november()
    line.bus.publish(forged(7))
    line.publish(frame(7))
    line.work()
    real = line.ledger.results["cam", START, 7]
    assert isinstance(real, Inspection)
    assert [type(result) for key, result in line.ledger.results.items() if key[0].startswith("?")] == [Refusal]


def test_a_claim_whose_content_was_changed_is_not_trusted() -> None:
    line = line_of_november()
    line.publish(ClaimedFrame(frame(1).header, line.artifacts.put("claims/1", b"other bytes")))
    line.work()
    (result,) = line.ledger.results.values()
    assert isinstance(result, Refusal)
    assert result.reason is ErrorReason.CONTENT


def test_a_detector_that_breaks_on_one_picture_still_judges_its_neighbours() -> None:
    line = line_of_november()
    line.promote(detector=Fragile())
    line.publish(frame(1), frame(2, content=png(13)), frame(3))
    line.work()
    decisions = {key[2]: result.decision for key, result in line.ledger.results.items()}
    assert decisions == {1: Decision.OK, 2: Decision.ERROR, 3: Decision.OK}
    failed = line.ledger.results["cam", START, 2]
    assert isinstance(failed, Failure)
    assert (failed.reason, failed.detail) == (ErrorReason.DETECTOR, "RuntimeError: thirteen")


class Fragile(GreyDetector):
    """Raises for a batch that holds the grey value 13."""

    def score(self, images):  # type: ignore[no-untyped-def]
        if any(int(image.pixels[0, 0, 0]) == 13 for image in images):
            raise RuntimeError("thirteen")
        return super().score(images)


def test_text_that_postgres_would_refuse_is_made_plain() -> None:
    line = line_of_november()
    line.publish(DroppedFrame(header(1), "full\x00\x1b[31m"))
    line.work()
    (result,) = line.ledger.results.values()
    assert isinstance(result, Failure)
    assert result.detail.isprintable()
    assert result.detail.startswith("full")


def test_a_broker_with_a_wrong_clock_does_not_stall_the_line() -> None:
    """Neither the camera's nor the broker's time has a day: the row is filed under the worker's own."""
    line = line_of_november()
    line.clock.seconds = -86400 * 9000.0
    line.publish(frame(1, captured_at=NOON - timedelta(days=9000)))
    line.clock.seconds = 0.0
    line.work()
    (result,) = line.ledger.results.values()
    assert isinstance(result, Failure)
    assert result.filed_at.date() == NOON.date()


def test_products_share_a_batch_and_each_is_judged_by_its_own_model() -> None:
    line = line_of_november()
    other = line.promote("bolt", recipe=Recipe(keep_ok_share=0.0))
    line.publish(frame(1), frame(2, product="bolt"), frame(3), frame(4, product="bolt"))
    line.work()
    judges = {key[2]: result.judge.model_version_id for key, result in line.ledger.results.items()}  # type: ignore[union-attr]
    assert judges == {1: 1, 2: other, 3: 1, 4: other}
    assert line.counts.batches == 1


def test_a_camera_name_is_never_taken_from_a_refused_record() -> None:
    line = line_of_november()
    line.bus.publish(forged(1))
    line.work()
    assert FrameId("cam", START, 1) not in {FrameId(*key) for key in line.ledger.results if key[0] == "cam"}
