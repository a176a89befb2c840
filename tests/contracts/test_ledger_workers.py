"""What every ledger promises about workers and what they have in hand: one body for the twin and for Postgres."""

from datetime import timedelta

from core.inspection import Progress
from core.worker_report import WorkerReport
from tests.contracts.ledgers import TODAY, TOPIC, Ledger

ME, OTHER = "host-1", "host-2"


def report(minute: int = 0, owner: str = ME, judged: int = 0, ended: bool = False) -> WorkerReport:
    moment = TODAY + timedelta(minutes=minute)
    return WorkerReport(owner, TODAY, moment, moment, judged, 1, 2, "the bus", "nut: model 3", ended)


def step(first: int, end: int, partition: int = 0) -> Progress:
    return Progress(TOPIC, partition, first, end)


def test_the_newest_report_of_a_worker_is_kept(ledger: Ledger) -> None:
    """An older one that comes late changes nothing; every field comes back."""
    for each in (report(1, judged=10), report(3, judged=30, ended=True), report(2, judged=20)):
        ledger.report_worker(each)
    assert ledger.workers() == [report(3, judged=30, ended=True)]


def test_a_worker_whose_clock_was_set_back_is_still_heard(ledger: Ledger) -> None:
    """One that has judged more is newer, whatever its clock says."""
    ledger.report_worker(report(120, judged=30))
    ledger.report_worker(report(60, judged=31))
    assert ledger.workers() == [report(60, judged=31)]


def test_workers_come_newest_report_first(ledger: Ledger) -> None:
    """Whatever order they reported in."""
    ledger.report_worker(report(2, OTHER))
    ledger.report_worker(report(1, ME))
    assert [each.owner for each in ledger.workers()] == [OTHER, ME]


def test_a_worker_that_was_silent_for_a_week_is_forgotten(ledger: Ledger) -> None:
    """By the next one that reports: every start is a worker of its own, and they would pile up."""
    ledger.report_worker(report(0, ME))
    ledger.report_worker(report(7 * 24 * 60, OTHER))
    assert len(ledger.workers()) == 2
    ledger.report_worker(report(7 * 24 * 60 + 1, OTHER))
    assert [each.owner for each in ledger.workers()] == [OTHER]


def test_records_are_taken_together_the_first_time_only(ledger: Ledger) -> None:
    """A worker that ended with them in hand leaves a note, also of those in the middle of what it had."""
    assert ledger.take((step(0, 10),), ME)
    assert not ledger.take((step(0, 10),), OTHER)
    assert not ledger.take((step(4, 10),), OTHER)


def test_what_was_committed_is_not_in_the_way_of_what_follows(ledger: Ledger) -> None:
    """The next batch begins behind the last one."""
    assert ledger.take((step(0, 10),), ME)
    assert ledger.take((step(10, 20),), ME)
    assert ledger.take((step(20, 25),), OTHER)


def test_one_suspect_partition_keeps_the_whole_batch_from_being_taken(ledger: Ledger) -> None:
    """And nothing of it is noted."""
    assert ledger.take((step(0, 10),), ME)
    assert not ledger.take((step(0, 10), step(0, 5, partition=1)), OTHER)
    assert ledger.take((step(0, 5, partition=1),), OTHER)


def test_a_record_is_counted_each_time_it_is_taken(ledger: Ledger) -> None:
    """In a batch the first time, alone the second and the third."""
    ledger.take((step(0, 10),), ME)
    assert ledger.take_one(step(0, 1), OTHER) == 2
    assert ledger.take_one(step(0, 1), OTHER) == 3
    assert ledger.take_one(step(1, 2), OTHER) == 2, "it was in hand with the others once"
    assert ledger.take_one(step(10, 11), OTHER) == 1, "it never was"


def test_what_a_worker_lets_go_was_never_in_hand(ledger: Ledger) -> None:
    """It ended for a reason that is not in the records."""
    ledger.take((step(0, 10), step(0, 5, partition=1)), ME)
    ledger.let_go(ME)
    assert ledger.take((step(0, 10), step(0, 5, partition=1)), OTHER)


def test_a_worker_lets_go_of_its_own_only(ledger: Ledger) -> None:
    """One that was frozen wakes up and finds that another has taken over."""
    ledger.take((step(0, 10),), ME)
    ledger.take_one(step(0, 1), OTHER)
    ledger.let_go(ME)
    assert ledger.take_one(step(0, 1), OTHER) == 3
