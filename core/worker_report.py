"""What a worker says of itself, for whoever wants to know whether somebody judges."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.frame import check_utc

FORGOTTEN_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """A worker's own words; `owner` names its process, so that every start is a worker of its own.

    `turned_at` is when its loop last went round; `waits_for` says why it judges nothing just now and is empty where
    it does; `models` names who judges what; the counts only grow. `ended` is said once, by one that was told to end.
    """

    owner: str
    started_at: datetime
    reported_at: datetime
    turned_at: datetime
    judged: int
    errors: int
    fenced: int
    waits_for: str
    models: str
    ended: bool

    def __post_init__(self) -> None:
        for name in ("started_at", "reported_at", "turned_at"):
            check_utc(name, getattr(self, name))


class WorkerRegistry(Protocol):
    """Where workers report."""

    def report_worker(self, report: WorkerReport) -> None:
        """Keep the newest report of this worker; older reports change nothing.

        Raises:
            LedgerUnavailable: It is not kept; the next report says more.
        """
        ...

    def workers(self) -> list[WorkerReport]:
        """Every worker's newest report, newest first; one that was silent for a week when another reported is gone."""
        ...
