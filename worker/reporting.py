"""Tells the ledger every few seconds how this worker is: beside the loop, so that a stuck loop is reported too."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread

import structlog

from core.errors import LineError
from core.worker_report import WorkerRegistry, WorkerReport
from worker.vitals import WorkerState, reasons_to_wait

EVERY_S = 2.0
"""What a person on the Health page notices, and no load for Postgres."""

LAST_REPORT_S = 2.0

log = structlog.get_logger("worker")


def to_report(owner: str, started_at: datetime, state: WorkerState, ended: bool) -> WorkerReport:
    """A worker's state in the words of the ledger."""
    models = (
        f"{product}: model {serving.active.model.id} ({serving.detector.engine})"
        for product, serving in sorted(state.serving.items())
    )
    return WorkerReport(
        owner=owner,
        started_at=started_at,
        reported_at=state.now,
        turned_at=max(started_at, state.now - timedelta(seconds=state.pulse.age_s)),
        judged=state.counts.frames,
        errors=state.counts.by_decision["ERROR"],
        fenced=state.counts.fenced,
        waits_for="; ".join(reasons_to_wait(state)),
        models=", ".join(models),
        ended=ended,
    )


@contextmanager
def reporting(registry: WorkerRegistry, report: Callable[[bool], WorkerReport], every_s: float) -> Iterator[None]:
    """Report while the block runs, and once more at its end. A ledger that is away costs nothing but the news."""
    over = Event()
    thread = Thread(target=_report_until, args=(registry, report, every_s, over), name="reporter", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(LAST_REPORT_S)


def _report_until(
    registry: WorkerRegistry, report: Callable[[bool], WorkerReport], every_s: float, over: Event
) -> None:
    refusal = _report(registry, report(False), "")
    while not over.wait(every_s):
        refusal = _report(registry, report(False), refusal)
    _report(registry, report(True), refusal)


def _report(registry: WorkerRegistry, report: WorkerReport, before: str) -> str:
    """What kept it from being told, if anything did; what did so before is not said again."""
    try:
        registry.report_worker(report)
    except LineError as error:
        # Not only a Postgres that is away: a right may be revoked and given back while this thread lives.
        refusal = str(error)
        if refusal != before:
            log.warning("worker_not_reported", error=refusal)
        return refusal
    return ""
