"""captured = judged + waiting + gap, whatever was heard of a camera and whenever."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.camera_account import LOST_CONTACT, Account, RunCounts, account_of, accounts, discrepancies

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def run(captured: int = 10, acknowledged: int = 8, judged: int = 5, **changed: object) -> RunCounts:
    """A run that reported just now: two frames wait in the camera, three on the bus."""
    made = RunCounts(
        "line1-top", "0123456789ab", "nut", captured, acknowledged, 0, judged, judged, 0, 0, 0, 0, NOON, False, 0, False
    )
    return replace(made, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "waiting", "gap"),
    [
        (run(), 5, 0),
        (run(ended=True), 3, 2),
        (run(ended=True, judged=8), 0, 2),
        (run(ended=True, judged=10), 0, 0),
        (run(reported_at=NOON - LOST_CONTACT - timedelta(seconds=1)), 3, 2),
        (run(followed=True), 0, 5),
        (run(captured=4), 0, 0),
        (run(captured=0, acknowledged=0, reported_at=None), 0, 0),
    ],
    ids=["runs", "ended", "drained", "all judged", "killed", "followed", "report is late", "never reported"],
)
def test_a_frame_waits_as_long_as_it_may_still_come(known: RunCounts, waiting: int, gap: int) -> None:
    """In a camera that runs, or on the bus; after that it is a gap."""
    account = account_of(known, NOON)
    assert (account.waiting, account.gap) == (waiting, gap)


counts = st.integers(0, 10_000)


@given(counts, counts, counts, st.booleans(), st.booleans(), st.none() | st.datetimes(timezones=st.just(UTC)))
def test_every_account_adds_up(
    captured: int, acknowledged: int, judged: int, ended: bool, followed: bool, reported_at: datetime | None
) -> None:
    """Also for reports that came late, twice or never."""
    known = run(captured, acknowledged, judged, ended=ended, followed=followed, reported_at=reported_at)
    account = account_of(known, NOON)
    assert account.captured == account.judged + account.waiting + account.gap
    assert account.judged == judged
    assert min(account.waiting, account.gap) >= 0


def test_an_account_that_does_not_add_up_cannot_be_made() -> None:
    """Nor one with a negative number."""
    for wrong in ((10, 5, 3, 1), (10, 5, 6, -1)):
        with pytest.raises(ValueError, match="not an account"):
            Account(*wrong, 0, 0)


def test_a_camera_is_the_sum_of_its_runs() -> None:
    """An old start's gap does not vanish with the next start."""
    runs = [run(followed=True), run(start_id="ba9876543210"), run(camera="line1-side")]
    found = accounts(runs, NOON)
    assert list(found) == ["line1-side", "line1-top"]
    assert found["line1-top"] == Account(20, 10, 5, 5, 0, 0)


def test_counters_that_agree_with_the_rows_have_no_discrepancies() -> None:
    """While frames wait, and once they are settled."""
    assert discrepancies(run(), rows=5, dropped_rows=0) == ()
    settled = run(ended=True, acknowledged=10, judged=10, ok=7, error=3, dropped=2, judged_dropped=2)
    assert discrepancies(settled, rows=10, dropped_rows=2) == ()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (run(ng=1), "5 judged, but 6 by decision"),
        (run(judged=6, ok=6), "6 judged, but 5 rows"),
        (run(judged_dropped=1, ok=4, error=1), "1 judged as dropped, but 0 rows"),
        (run(judged_dropped=1), "1 judged as dropped, but 0 are ERROR"),
        (run(ended=True, captured=4, acknowledged=4), "5 judged, but 4 captured"),
        (run(ended=True, acknowledged=11), "11 on the bus, but 10 captured"),
        (run(ended=True, captured=5, acknowledged=5, dropped=2), "2 dropped, but only 0 are ERROR"),
    ],
)
def test_a_discrepancy_is_named_with_its_run(wrong: RunCounts, says: str) -> None:
    """In a sentence with both numbers."""
    found = discrepancies(wrong, rows=5, dropped_rows=0)
    assert any(says in sentence and sentence.startswith("line1-top/0123456789ab: ") for sentence in found)
