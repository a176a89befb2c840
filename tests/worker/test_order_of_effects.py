"""What happens first, what a crash leaves behind, and who is never waited for."""

import json
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from core.errors import (
    ArtifactsUnavailable,
    BoardUnavailable,
    BusUnavailable,
    Fenced,
    LedgerUnavailable,
    LineError,
    NoOpenDay,
)
from core.frame import Image
from core.inspection import OpenDays
from core.verdict import ErrorReason
from tests.worker.in_memory_line import NOON, GreyDetector, Line, frame, png

SMALL = GreyDetector().score([Image(np.zeros((4, 4, 3), np.uint8))])[0]


class PowerCut(BaseException):
    """The process is gone: nothing in it handles this."""


@dataclass
class Cable:
    """Passes every call on to a twin, writes it down, and fails where it is told to."""

    twin: object
    calls: list[str] = field(default_factory=list)
    fail: dict[str, list[BaseException]] = field(default_factory=dict)
    fail_after: dict[str, list[BaseException]] = field(default_factory=dict)

    def __getattr__(self, name: str) -> object:
        def call(*arguments: object) -> object:
            self.calls.append(name)
            if self.fail.get(name):
                raise self.fail[name].pop(0)
            answer = getattr(self.twin, name)(*arguments)
            if self.fail_after.get(name):
                raise self.fail_after[name].pop(0)
            return answer

        return call


def line_with_frames(count: int = 10) -> Line:
    line = Line()
    line.promote()
    line.publish(*(frame(number, content=png(250)) for number in range(count)))
    return line


def test_effects_come_in_the_order_note_evidence_transaction_bus_board_plant() -> None:
    line = line_with_frames(1)
    calls: list[str] = []
    names = {"consumer": line.bus.consumer(), "ledger": line.ledger, "board": line.board, "artifacts": line.artifacts}
    ports = {name: Cable(twin, calls) for name, twin in names.items()}
    plant = Cable(line.verdicts, calls)
    line.work(line.bench(verdicts=plant, outbox=Cable(line.ledger, calls), attempts=Cable(line.ledger, calls), **ports))
    effects = [name for name in calls if name not in ("poll", "open_days")]
    assert effects == ["take", "put", "put", "record", "settle", "show", "pending", "tell", "told", "pending"]


CRASHES = [
    (port, method, when)
    for port, method in (
        ("consumer", "poll"),
        ("attempts", "take"),
        ("artifacts", "put"),
        ("ledger", "record"),
        ("consumer", "settle"),
        ("board", "show"),
        ("outbox", "pending"),
        ("verdicts", "tell"),
        ("outbox", "told"),
    )
    for when in ("before", "after")
]


@pytest.mark.parametrize(("port", "method", "when"), CRASHES)
def test_a_crash_at_any_step_loses_nothing_and_doubles_nothing(port: str, method: str, when: str) -> None:
    """The next worker begins where the ledger stands: rows = frames, and the plant hears of each at least once."""
    line = line_with_frames()
    consumer = line.bus.consumer()
    twins = {
        "consumer": consumer,
        "artifacts": line.artifacts,
        "ledger": line.ledger,
        "board": line.board,
        "outbox": line.ledger,
        "attempts": line.ledger,
        "verdicts": line.verdicts,
    }
    cable = Cable(twins[port])
    (cable.fail if when == "before" else cable.fail_after)[method] = [PowerCut()]
    with pytest.raises(PowerCut):
        line.work(line.bench(**({"consumer": consumer} | {port: cable})))
    consumer.close()  # as the server does when the process is gone
    line.work(line.bench())
    assert sorted(key[2] for key in line.ledger.results) == list(range(10))
    assert {message.id for message in line.verdicts.told} == set(range(1, 11))
    assert line.counts.already_there == 0


def test_a_fenced_batch_is_read_again_from_where_the_ledger_stands() -> None:
    line = line_with_frames(4)
    ledger = Cable(line.ledger, fail={"record": [Fenced("test")]})
    counts = line.work(line.bench(ledger=ledger))
    assert (counts.fenced, counts.new, counts.already_there) == (1, 4, 0)


def test_an_answer_that_was_lost_after_the_commit_is_no_second_row() -> None:
    """The commit went through, the connection broke: trying again is fenced, and the rows stand."""
    line = line_with_frames(4)
    ledger = Cable(line.ledger, fail_after={"record": [LedgerUnavailable("cut")]})
    counts = line.work(line.bench(ledger=ledger))
    assert len(line.ledger.results) == 4
    assert counts.fenced == 1 or counts.already_there == 4


@pytest.mark.parametrize(
    ("port", "method", "error"),
    [
        ("ledger", "record", LedgerUnavailable),
        ("artifacts", "put", ArtifactsUnavailable),
        ("consumer", "poll", BusUnavailable),
    ],
)
def test_infrastructure_is_waited_for_and_no_frame_is_skipped(port: str, method: str, error: type[LineError]) -> None:
    line = line_with_frames()
    twins = {"consumer": line.bus.consumer(), "artifacts": line.artifacts, "ledger": line.ledger}
    cable = Cable(twins[port], fail={method: [error("away")] * 5})
    line.work(line.bench(**{port: cable}))
    assert len(line.ledger.results) == 10


def test_while_a_worker_waits_for_postgres_it_holds_its_partitions() -> None:
    """Once per try, so that the bus does not take it for dead however long the outage is."""
    line = line_with_frames()
    held: list[float] = []
    bench = line.bench(ledger=Cable(line.ledger, fail={"record": [LedgerUnavailable("away")] * 4}))
    patience = replace(bench.patience, meanwhile=lambda: held.append(line.clock.seconds))
    line.work(replace(bench, patience=patience))
    pauses = [later - earlier for earlier, later in pairwise(held)]
    assert len(held) == 4
    assert pauses == sorted(pauses), "each pause is longer than the one before"


def test_a_worker_gives_up_with_the_reason_once_the_deadline_has_passed() -> None:
    line = line_with_frames()
    ledger = Cable(line.ledger, fail={"record": [LedgerUnavailable("away")] * 1000})
    with pytest.raises(LedgerUnavailable, match="away"):
        line.work(line.bench(ledger=ledger))
    assert line.ledger.results == {}
    assert line.clock.seconds < 20


def test_a_board_that_is_away_stops_nothing() -> None:
    line = line_with_frames()
    counts = line.work(line.bench(board=Cable(line.board, fail={"show": [BoardUnavailable("away")] * 100})))
    assert len(line.ledger.results) == 10
    assert counts.board_unavailable == counts.batches


def test_a_plant_that_does_not_listen_stops_nothing_and_hears_all_later_in_order() -> None:
    line = line_with_frames()
    bench = line.bench(verdicts=Cable(line.verdicts, fail={"tell": [BusUnavailable("away")]}))
    line.work(bench, rounds=8)
    assert len(line.ledger.results) == 10
    assert line.verdicts.told == []
    line.clock.seconds += 10
    line.work(bench)
    assert [message.id for message in line.verdicts.told] == list(range(1, 11))


def test_a_day_that_closed_meanwhile_is_filed_again_as_a_wrong_clock() -> None:
    """The worker had seen the day open; retention has dropped it since."""
    line = Line()
    line.promote()
    bench = line.bench()
    bench.days.known()
    line.ledger.days = OpenDays(date(2026, 11, 20), date(2026, 12, 1))
    line.publish(frame(1, captured_at=NOON - timedelta(days=10)))
    counts = line.work(bench)
    (result,) = line.ledger.results.values()
    assert result.reason is ErrorReason.CLOCK  # type: ignore[union-attr]
    assert counts.refiled == 1


def test_a_row_for_which_no_day_can_be_found_ends_the_worker_with_the_reason() -> None:
    line = line_with_frames(1)
    with pytest.raises(NoOpenDay):
        line.work(line.bench(ledger=Cable(line.ledger, fail={"record": [NoOpenDay("x")] * 9})))


def test_a_batch_of_giants_is_never_held_at_once() -> None:
    """Pixels are bounded, not frames: eight pictures of 75 MB are scored in chunks of at most 256 MiB and one more."""
    line = Line()
    detector = GreyDetector()
    line.promote(detector=detector)
    giant = Image(np.broadcast_to(np.uint8(20), (5000, 5000, 3)))
    detector.score = lambda images: detector.batches.append(len(images)) or [SMALL] * len(images)  # type: ignore
    line.publish(*(frame(number) for number in range(8)))
    line.work(replace(line.bench(frames=8), decode=lambda content: giant))
    assert max(detector.batches) <= 4
    assert line.counts.batches == 1


def test_counts_of_a_run_are_one_json_object() -> None:
    """With decisions and reasons in it, for whoever reads the last line of a log."""
    line = line_with_frames(3)
    told = json.loads(line.work().to_json())
    assert (told["new"], told["by_decision"]) == (3, {"NG": 3})
