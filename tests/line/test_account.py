"""The account: what the cameras saw, held against the rows."""

from hypothesis import given
from hypothesis import strategies as st

from core.verdict import Decision
from line.account import Key, Row, balance

A: Key = ("line1-top", "0" * 12, 0)
B: Key = ("line1-top", "0" * 12, 1)
C: Key = ("line2-top", "1" * 12, 0)


def row(key: Key, decision: Decision = Decision.OK, latency_s: float = 0.1, judged_at_s: float = 0.0) -> Row:
    return Row(key, decision, latency_s, judged_at_s)


def test_a_run_in_which_every_frame_has_one_row_has_no_problems() -> None:
    assert balance([A, B, C], {}, [row(A), row(B), row(C)]).problems() == ()


def test_a_captured_frame_without_a_row_is_lost() -> None:
    account = balance([A, B], {}, [row(A)])
    assert account.lost == (B,)
    assert "never judged" in account.problems()[0]


def test_a_frame_judged_twice_is_a_duplicate() -> None:
    assert balance([A], {}, [row(A), row(A)]).duplicates == (A,)


def test_a_row_nobody_captured_is_a_stranger() -> None:
    assert balance([A], {}, [row(A), row(B)]).strangers == (B,)


def test_a_camera_without_a_single_verdict_is_named() -> None:
    assert "line2-top" in " ".join(balance([A, C], {}, [row(A)]).problems())


def test_a_run_without_frames_is_no_success() -> None:
    assert balance([], {}, []).problems() == ("no camera captured a frame",)


def test_review_catches_a_defect_and_ok_misses_it() -> None:
    truth = {A: True, B: True}
    account = balance([A, B], truth, [row(A, Decision.REVIEW), row(B, Decision.OK)])
    assert (account.defects, account.defects_caught) == (2, 1)
    assert "1 of 2 defects caught" in account.problems()[0]


def test_only_ng_counts_as_a_rejected_good_part() -> None:
    account = balance([A, B], {A: False, B: False}, [row(A, Decision.REVIEW), row(B, Decision.NG)])
    assert (account.good, account.good_rejected) == (2, 1)


def test_an_error_says_nothing_about_the_model() -> None:
    account = balance([A, B], {A: True, B: False}, [row(A, Decision.ERROR), row(B, Decision.ERROR)])
    assert (account.defects, account.good, account.by_decision[Decision.ERROR]) == (0, 0, 2)


def test_the_rate_is_rows_over_the_time_between_first_and_last_verdict() -> None:
    account = balance([A, B], {}, [row(A, judged_at_s=10.0), row(B, judged_at_s=12.0)])
    assert account.frames_per_s == 1.0


keys = st.builds(lambda number: ("line1-top", "0" * 12, number), st.integers(0, 30))


@given(st.sets(keys), st.lists(keys))
def test_lost_judged_and_strangers_add_up(captured: set[Key], judged: list[Key]) -> None:
    account = balance(captured, {}, [row(key) for key in judged])
    assert len(captured) - len(account.lost) == account.judged - len(account.strangers)
