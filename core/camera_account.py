"""What became of a camera's frames: captured = judged + waiting + gap, always. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

LOST_CONTACT = timedelta(seconds=60)
"""A run that has not reported for so long has ended: it reports every second, and more often than that a page asks."""


@dataclass(frozen=True, slots=True)
class RunCounts:
    """One start of a camera as the ledger knows it: what the camera said, and what was recorded of its frames.

    `acknowledged` frames lie on the bus, announcements of dropped ones included. `reported_at` is None where the
    camera has not spoken to the ledger yet. `ended`: the camera said so itself. `followed`: frames of a later start
    have been judged, so that the bus, which keeps a camera's order, holds none of this one any more. `seen_until` is
    one more than the highest sequence judged: the bus keeps a camera's order, so what is below it and has no row will
    not come any more.
    """

    camera: str
    start_id: str
    product: str
    captured: int
    acknowledged: int
    dropped: int
    judged: int
    ok: int
    review: int
    ng: int
    error: int
    judged_dropped: int
    reported_at: datetime | None
    ended: bool
    seen_until: int
    followed: bool

    @property
    def overtaken(self) -> int:
        """Frames without a row though later ones of the same run have theirs: the bus lost them."""
        return min(max(0, self.seen_until - self.judged), max(0, self.captured - self.judged))


@dataclass(frozen=True, slots=True)
class Account:
    """Where frames are. `waiting` ones are in the camera or on the bus; those of the `gap` nobody will ever judge.

    `dropped` ones are among the captured, `judged_dropped` among the judged: each of them is an ERROR row.
    """

    captured: int
    judged: int
    waiting: int
    gap: int
    dropped: int
    judged_dropped: int

    def __post_init__(self) -> None:
        if self.captured != self.judged + self.waiting + self.gap or min(self.judged, self.waiting, self.gap) < 0:
            raise ValueError(f"not an account: {self}")

    def __add__(self, other: "Account") -> "Account":
        return Account(
            self.captured + other.captured,
            self.judged + other.judged,
            self.waiting + other.waiting,
            self.gap + other.gap,
            self.dropped + other.dropped,
            self.judged_dropped + other.judged_dropped,
        )


NOTHING = Account(0, 0, 0, 0, 0, 0)


def account_of(run: RunCounts, now: datetime) -> Account:
    """The account of one run.

    Postgres hears of captured frames about once a second, so rows may be ahead of it: what was judged was captured.
    A run that goes on has everything else waiting, but for what was overtaken on the bus: its retention deleted that.
    What a run that has ended did not bring to the bus is a gap, and once a later start has been judged the bus holds
    nothing of it either.
    """
    captured = max(run.captured, run.judged)
    dropped = max(run.dropped, run.judged_dropped)
    missing = captured - run.judged
    if run.followed:
        waiting = 0
    elif has_ended(run, now):
        waiting = min(missing, max(0, run.acknowledged - run.judged))
    else:
        waiting = missing
    waiting = min(waiting, missing - run.overtaken)
    return Account(captured, run.judged, waiting, missing - waiting, dropped, run.judged_dropped)


def has_ended(run: RunCounts, now: datetime) -> bool:
    """Whether no further frame of this run is to be expected from its camera."""
    return run.ended or run.reported_at is None or now - run.reported_at > LOST_CONTACT


def accounts(runs: Iterable[RunCounts], now: datetime) -> dict[str, Account]:
    """The account of each camera over all its runs, by name."""
    found: dict[str, Account] = {}
    for run in sorted(runs, key=lambda run: run.camera):
        found[run.camera] = found.get(run.camera, NOTHING) + account_of(run, now)
    return found


def discrepancies(run: RunCounts, rows: int, dropped_rows: int) -> tuple[str, ...]:
    """Why these counters cannot be true, in sentences; empty where they add up.

    `rows` and `dropped_rows` are counted in the inspections themselves, all of them and those of ERROR "dropped".
    They must have been counted in the same transaction as the run was read.
    """
    by_decision = run.ok + run.review + run.ng + run.error
    settled = run.ended and run.judged >= run.captured
    said = [
        (run.judged != by_decision, f"{run.judged} judged, but {by_decision} by decision"),
        (run.judged != rows, f"{run.judged} judged, but {rows} rows"),
        (run.judged_dropped != dropped_rows, f"{run.judged_dropped} judged as dropped, but {dropped_rows} rows"),
        (run.judged_dropped > run.error, f"{run.judged_dropped} judged as dropped, but {run.error} are ERROR"),
        (run.ended and run.judged > run.captured, f"{run.judged} judged, but {run.captured} captured"),
        (run.ended and run.acknowledged > run.captured, f"{run.acknowledged} on the bus, but {run.captured} captured"),
        # A frame dropped by a camera whose clock is wrong is ERROR "clock".
        (settled and run.judged_dropped > run.dropped, f"{run.judged_dropped} judged as dropped of {run.dropped}"),
        (settled and run.dropped > run.error, f"{run.dropped} dropped, but only {run.error} are ERROR"),
    ]
    return tuple(f"{run.camera}/{run.start_id}: {sentence}" for wrong, sentence in said if wrong)
