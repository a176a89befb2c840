"""What every ledger promises about the counters of cameras: one body for the twin and for Postgres."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from core.adapters.ledger import PostgresLedger
from core.adapters.schema import camera_run, inspection
from core.camera_account import account_of, discrepancies
from core.inspection import CameraRun
from core.verdict import Decision, ErrorReason
from tests.contracts.ledgers import TODAY, Ledger, batch, failed, frame, inspected, refused

FIRST, SECOND = "0123456789ab", "ba9876543210"


def report(
    start_id: str = FIRST, captured: int = 9, acknowledged: int = 9, at: datetime = TODAY, ended: bool = False
) -> CameraRun:
    return CameraRun(
        "line1-top", start_id, "ballscrew", captured, 2, at, acknowledged, missed=3, skipped=1, ended=ended
    )


def test_a_report_comes_back_as_it_was(ledger: Ledger) -> None:
    """With why the camera is silent and when it saw its last part."""
    seen = CameraRun("line1-top", FIRST, "nut", 9, 2, TODAY, 8, 3, 1, "cable", TODAY - timedelta(seconds=4), True)
    ledger.report(seen)
    assert ledger.runs() == [seen]


def test_a_silence_in_any_words_is_stored(ledger: Ledger) -> None:
    """A file's name may hold anything."""
    ledger.report(CameraRun("line1-top", FIRST, "nut", 0, 0, TODAY, silence="file \udcff of the server"))
    assert len(ledger.runs()) == 1


def test_what_the_camera_said_stands_beside_what_was_judged(ledger: Ledger) -> None:
    """By decision; what was dropped is counted apart; repeats and refusals count nowhere."""
    results = [inspected(frame(0)), inspected(frame(1), Decision.NG), failed(frame(2)), refused(3)]
    ledger.record(batch(*results, failed(frame(4), ErrorReason.DROPPED)))
    ledger.record(batch(inspected(frame(0)), inspected(frame(5), Decision.REVIEW), first=5))
    ledger.report(report())
    (run,) = ledger.run_counts()
    assert (run.captured, run.acknowledged, run.dropped) == (9, 9, 2)
    assert (run.judged, run.ok, run.review, run.ng, run.error, run.judged_dropped) == (5, 1, 1, 1, 2, 1)
    assert (run.reported_at, run.ended, run.followed) == (TODAY, False, False)


def test_a_run_that_has_not_reported_yet_is_counted(ledger: Ledger) -> None:
    """The verdict may be faster than the camera's first report."""
    ledger.record(batch(inspected(frame(0))))
    (run,) = ledger.run_counts()
    assert (run.product, run.captured, run.judged, run.reported_at) == ("ballscrew", 0, 1, None)


def test_a_run_is_followed_once_a_later_one_has_been_judged(ledger: Ledger) -> None:
    """The bus keeps a camera's order, so nothing of the earlier start can come any more: what is missing is a gap."""
    ledger.report(report(FIRST))
    ledger.record(batch(inspected(frame(0))))
    ledger.report(report(SECOND, captured=1))
    assert [run.followed for run in ledger.run_counts()] == [False, False]
    ledger.record(batch(inspected(frame(0, start_id=SECOND)), first=1))
    first, second = ledger.run_counts()
    assert (first.start_id, first.followed, second.followed) == (FIRST, True, False)
    assert account_of(first, TODAY).gap == 8
    assert account_of(second, TODAY).waiting == 0


def test_a_run_heard_of_late_follows_nobody(ledger: Ledger) -> None:
    """It never reported, and its frames waited on the bus while the next start was heard of first."""
    ledger.report(report(SECOND))
    ledger.record(batch(inspected(frame(0, start_id=FIRST))))
    assert [run.followed for run in ledger.run_counts()] == [False, False]


def test_a_camera_does_not_follow_another(ledger: Ledger) -> None:
    """Each has an order of its own."""
    ledger.report(report())
    ledger.record(batch(inspected(frame(0, camera="line1-side"))))
    ledger.report(CameraRun("line1-side", FIRST, "ballscrew", 1, 0, TODAY))
    assert [(run.camera, run.followed) for run in ledger.run_counts()] == [("line1-side", False), ("line1-top", False)]


def test_the_counters_agree_with_the_rows_they_count(postgres_ledger: PostgresLedger) -> None:
    """Every run, whatever happened to its frames."""
    lost_clock = failed(frame(3, captured_at=TODAY.replace(year=1970)), ErrorReason.CLOCK)
    dropped = [failed(frame(number), ErrorReason.DROPPED) for number in (1, 2)]
    postgres_ledger.record(batch(inspected(frame(0)), *dropped, lost_clock, refused(4)))
    postgres_ledger.record(batch(inspected(frame(0)), *dropped, first=5))
    postgres_ledger.report(report(captured=4, acknowledged=4, ended=True))
    (run,) = postgres_ledger.run_counts()
    dropped_rows = func.count().filter(inspection.c.reason == ErrorReason.DROPPED.value)
    query = select(func.count(), dropped_rows).where(inspection.c.start_id == run.start_id)
    with postgres_ledger.engine.connect() as connection:
        rows, dropped_count = connection.execute(query).one()
        assert connection.scalar(select(func.count()).select_from(camera_run)) == 1
    assert discrepancies(run, rows, dropped_count) == ()
    assert account_of(run, TODAY).waiting == account_of(run, TODAY).gap == 0
