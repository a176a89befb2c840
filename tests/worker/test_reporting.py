"""What a worker tells the ledger of itself."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event

import pytest

from core.errors import LedgerUnavailable, LineError, SettingRefused
from core.health import Pulse
from core.worker_report import WorkerReport
from tests.worker.in_memory_line import NOON, Line
from tests.worker.test_vitals import state_of, worked
from worker.reporting import reporting, to_report

AT_ONCE_S = 0.001


@dataclass
class Registry:
    """Remembers what it was told, and says when that was enough; refuses the first reports where told to."""

    wanted: int = 1
    refuse: int = 0
    error: LineError = field(default_factory=lambda: LedgerUnavailable("test"))
    told: list[WorkerReport] = field(default_factory=list)
    enough: Event = field(default_factory=Event)

    def report_worker(self, report: WorkerReport) -> None:
        if self.refuse > 0:
            self.refuse -= 1
            raise self.error
        self.told.append(report)
        if len(self.told) >= self.wanted:
            self.enough.set()

    def workers(self) -> list[WorkerReport]:
        return self.told


def a_report(ended: bool) -> WorkerReport:
    line, meters = worked(40)
    return to_report("me", NOON, state_of(line, meters), ended)


def test_a_report_says_what_was_judged_and_by_whom() -> None:
    """In plain words."""
    line, meters = worked(40, 250)
    report = to_report("me", NOON, state_of(line, meters), ended=False)
    assert (report.judged, report.errors, report.models) == (2, 0, "disc: model 1 (grey)")
    assert (report.waits_for, report.ended) == ("", False)


def test_a_report_of_a_loop_that_stands_still_says_since_when_and_why() -> None:
    """The thread that reports is not the one that stands."""
    line, meters = worked(40)
    state = state_of(line, meters)
    line.clock.seconds += 100
    report = to_report("me", NOON, replace(state, now=line.clock.now()), ended=False)
    assert report.reported_at - report.turned_at >= timedelta(seconds=100)
    assert report.waits_for.startswith("the round in hand takes 100 s")


def test_a_loop_that_has_not_begun_stands_since_its_start() -> None:
    """Not before it."""
    line = Line()
    state = replace(state_of(line, worked(40)[1]), pulse=Pulse(lambda: 0.0), now=NOON)
    assert to_report("me", NOON, state, ended=False).turned_at == NOON


def test_a_worker_reports_again_and_again_and_at_its_end() -> None:
    """The last report says so."""
    registry = Registry(wanted=3)
    with reporting(registry, a_report, AT_ONCE_S):
        assert registry.enough.wait(10)
    assert [report.ended for report in registry.told[:3]] == [False, False, False]
    assert registry.told[-1].ended


@pytest.mark.parametrize("error", [LedgerUnavailable("away"), SettingRefused("a right was revoked")])
def test_a_ledger_that_is_away_or_refuses_stops_no_report(error: LineError) -> None:
    """The next one says more."""
    registry = Registry(refuse=2, error=error)
    with reporting(registry, a_report, AT_ONCE_S):
        assert registry.enough.wait(10)
    assert registry.told
