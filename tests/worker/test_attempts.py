"""A frame that ends its worker is found, and set aside after its third try."""

from collections.abc import Sequence

import pytest

from core.errors import ArtifactsUnavailable, Fenced, LedgerUnavailable
from core.frame import DroppedFrame, Image
from core.inspection import Failure, Inspection, Refusal
from core.verdict import ErrorReason, ScoreMap
from core.wire import Record
from tests.worker.in_memory_line import START, GreyDetector, Line, frame, header, png
from tests.worker.test_order_of_effects import Cable, PowerCut

DEADLY = 13


class Deadly(GreyDetector):
    """Ends the process over a picture of one certain grey, as a driver's crash would."""

    def score(self, images: Sequence[Image]) -> list[ScoreMap]:
        if any(int(image.pixels[0, 0, 0]) == DEADLY for image in images):
            raise PowerCut
        return super().score(images)


def deadly_line(*numbers: int, count: int = 10) -> Line:
    """Ten frames, some of which are deadly."""
    line = Line()
    line.promote(detector=Deadly())
    line.publish(*(frame(each, content=png(DEADLY if each in numbers else 40)) for each in range(count)))
    return line


def work_until_done(line: Line, most: int = 30, **ports: object) -> int:
    """Start workers, each after the last one's end, as a supervisor does; returns how many ended by force."""
    for ended in range(most):
        consumer = line.bus.consumer()
        try:
            line.work(line.bench(consumer=consumer, **ports))
        except PowerCut:
            consumer.close()  # as the server does when the process is gone
        else:
            return ended
    raise AssertionError("it never ended")


@pytest.mark.parametrize("place", [0, 3, 4, 9])
def test_a_frame_that_ends_its_worker_is_set_aside_after_its_third_try(place: int) -> None:
    """Wherever it stands; all others are judged, once each and in order, and what came of it is kept."""
    line = deadly_line(place)
    assert work_until_done(line) == 3
    results = line.ledger.results
    assert [key[2] for key in results] == list(range(10))
    failed = results["cam", START, place]
    assert isinstance(failed, Failure)
    assert (failed.reason, failed.quarantined) == (ErrorReason.POISON, True)
    assert failed.detail == "3 workers ended with it in hand, the last 2 with nothing else"
    assert line.artifacts.get(failed.evidence.frame_uri) == png(DEADLY)
    assert sum(isinstance(result, Inspection) for result in results.values()) == 9


def test_two_deadly_frames_in_one_batch_are_both_found() -> None:
    """One after the other."""
    line = deadly_line(1, 2)
    assert work_until_done(line) == 5
    poison = [key[2] for key, result in line.ledger.results.items() if isinstance(result, Failure)]
    assert poison == [1, 2]


def test_an_innocent_frame_may_be_in_hand_twice_when_its_worker_is_killed() -> None:
    """Once with others and once alone; it is judged the third time."""
    line = deadly_line()
    ledger = Cable(line.ledger, fail={"record": [PowerCut(), PowerCut()]})
    assert work_until_done(line, ledger=ledger) == 2
    assert all(isinstance(result, Inspection) for result in line.ledger.results.values())


def test_after_a_suspect_batch_the_line_is_as_fast_as_before() -> None:
    """Frames behind it are taken together again."""
    line = deadly_line(0, count=4)
    work_until_done(line)
    detector = line.detectors[next(iter(line.detectors))]
    assert isinstance(detector, Deadly)
    detector.batches.clear()
    line.publish(*(frame(number) for number in range(10, 14)))
    line.work()
    assert detector.batches == [4]


@pytest.mark.parametrize("outage", [ArtifactsUnavailable, LedgerUnavailable])
def test_a_worker_that_gives_up_for_want_of_a_server_blames_no_frame(outage: type[Exception]) -> None:
    """However often: what it had in hand is taken together by the next."""
    line = deadly_line(count=4)
    port, method = ("artifacts", "put") if outage is ArtifactsUnavailable else ("ledger", "record")
    line.publish(frame(20, content=png(250)))  # one that is kept
    for _ in range(5):
        twin = getattr(line, port)
        consumer = line.bus.consumer()
        bench = line.bench(frames=8, consumer=consumer, **{port: Cable(twin, fail={method: [outage("away")] * 100})})
        with pytest.raises(outage):
            line.work(bench)
        consumer.close()
    assert line.ledger.hands == {}
    line.work(line.bench(frames=8))
    assert all(isinstance(result, Inspection) for result in line.ledger.results.values())
    assert line.counts.batches == 1


def test_a_worker_that_was_fenced_blames_no_frame() -> None:
    """Somebody else has them."""
    line = deadly_line(count=4)
    line.work(line.bench(ledger=Cable(line.ledger, fail={"record": [Fenced("test")] * 5})))
    assert line.counts.fenced == 5
    assert line.counts.batches == 1


def test_attempts_that_cannot_be_noted_are_waited_for() -> None:
    """A frame whose end would not be counted is not looked at."""
    line = deadly_line(count=4)
    line.work(line.bench(attempts=Cable(line.ledger, fail={"take": [LedgerUnavailable("away")] * 5})))
    assert len(line.ledger.results) == 4


def test_a_record_that_is_set_aside_keeps_a_reason_that_needs_no_look_at_it() -> None:
    """An untrusted one stays untrusted, a dropped one dropped; neither has anything that could end a worker."""
    line = deadly_line(count=0)
    line.bus.publish(Record(b"cam", (("who", b"me"),), b"x"))
    line.publish(DroppedFrame(header(1), "queue full"))
    ledger = Cable(line.ledger, fail={"record": [PowerCut()] * 4})
    work_until_done(line, ledger=ledger)
    reasons = [result.reason for result in line.ledger.results.values() if not isinstance(result, Inspection)]
    assert reasons == [ErrorReason.ENVELOPE, ErrorReason.DROPPED]


def test_a_record_whose_envelope_ends_its_worker_is_filed_by_its_place() -> None:
    """Nobody looks at it then, not even to learn whose it is; what comes behind it is judged."""
    line = deadly_line(count=0)
    for number in range(3):
        line.publish(frame(number))

    def doubts(record: Record) -> str:
        if dict(record.headers)["sequence"] == b"1":
            raise PowerCut
        return ""

    work_until_done(line, doubts=doubts)
    refused = [result for result in line.ledger.results.values() if isinstance(result, Refusal)]
    assert [(one.reason, one.arrival.position.offset) for one in refused] == [(ErrorReason.POISON, 1)]
    assert sum(isinstance(result, Inspection) for result in line.ledger.results.values()) == 2
