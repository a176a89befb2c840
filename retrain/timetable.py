"""The nightly jobs: what, when, and what a late start means. APScheduler lives only here."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from core.errors import LedgerUnavailable, NightFailed, NightInterrupted
from core.ports import Clock, NightSlots
from core.product import Product

MISFIRE_GRACE_S = 3 * 3600
"""A job may start up to three hours late (a machine that was busy or off); after that the night is skipped."""

MOMENT = timedelta(microseconds=1)

log = structlog.get_logger("retrain")


@dataclass(frozen=True, slots=True)
class NightlyJob:
    """One product's night: a five-field crontab read in a time zone."""

    product: str
    cron: str
    time_zone: str


def nightly_jobs(products: Iterable[Product]) -> frozenset[NightlyJob]:
    """One job per product, as its recipe says."""
    return frozenset(
        NightlyJob(product.name, product.recipe.retrain_cron, product.recipe.retrain_time_zone) for product in products
    )


def due_times(job: NightlyJob, start: datetime, end: datetime) -> Iterator[datetime]:
    """When the job comes due from `start` to `end`, both included.

    Where clocks are set back an hour may come due twice, where they are set forward it comes due after the gap.
    """
    trigger = _trigger(job)
    due = trigger.get_next_fire_time(None, start)
    while due is not None and due <= end:
        yield due.astimezone(UTC)
        # In UTC: a moment added to the wall clock's time leads back to the first of the hour that exists twice.
        due = trigger.get_next_fire_time(None, due.astimezone(UTC) + MOMENT)


def night_of(job: NightlyJob, now: datetime) -> date:
    """The local date of the time at which the job last came due: a late start belongs to the night it is late for."""
    look_back = timedelta(seconds=MISFIRE_GRACE_S, minutes=1)
    due = [now, *due_times(job, now - look_back, now)][-1]
    return due.astimezone(ZoneInfo(job.time_zone)).date()


def run_claimed(
    slots: NightSlots, product: str, slot: str, now: datetime, who: str, night: Callable[[str, str], object]
) -> bool:
    """Run the night if its slot is ours; whether it ran to an end. A night that fails has said why in its own row."""
    try:
        with slots.claim(product, slot, now, who) as ours:
            if ours:
                night(product, slot)
                return True
            log.info("night_left_to_another", product=product, night=slot)
    except LedgerUnavailable as error:
        log.error("night_not_claimed", product=product, night=slot, error=str(error))
    except NightFailed as error:
        log.error("night_failed", product=product, night=slot, error=str(error))
    except NightInterrupted:
        log.warning("night_interrupted", product=product, night=slot)
    return False


class Timetable:
    """Runs the night of each product at its hour: once per local date, whoever else watches the same products.

    Jobs live in code, not in a job store: a stored job is a pickle, and a pickle runs whatever is in it. So every
    replica comes due, and the slots say whose the night is.
    """

    def __init__(self, night: Callable[[str, str], object], slots: NightSlots, clock: Clock, who: str) -> None:
        self._night = night
        self._slots = slots
        self._clock = clock
        self._who = who
        self._jobs: frozenset[NightlyJob] = frozenset()
        self._scheduler = BackgroundScheduler(timezone=ZoneInfo("UTC"))

    def start(self) -> None:
        """Begin to watch the clock."""
        self._scheduler.start()

    def stop(self) -> None:
        """Start nothing more and wait for the job that runs."""
        self._scheduler.shutdown(wait=True)

    def follow(self, products: Iterable[Product]) -> list[str]:
        """Take over the products' present recipes: added, changed and removed jobs. Returns what cannot be timed."""
        timed, refused = _readable(nightly_jobs(products))
        for job in self._jobs - timed.keys():
            self._scheduler.remove_job(job.product)
        for job in timed.keys() - self._jobs:
            self._add(job, timed[job])
        self._jobs = frozenset(timed)
        return refused

    def next_runs(self) -> dict[str, datetime]:
        """Per product, when its next night begins."""
        return {job.id: job.next_run_time for job in self._scheduler.get_jobs()}

    def come_due(self, job: NightlyJob) -> None:
        """Run the night if it is ours. While the ledger is away nobody knows whose it is: then nobody runs it."""
        now = self._clock()
        run_claimed(self._slots, job.product, str(night_of(job, now)), now, self._who, self._night)

    def _add(self, job: NightlyJob, trigger: CronTrigger) -> None:
        self._scheduler.add_job(
            self.come_due,
            trigger,
            args=[job],
            id=job.product,
            replace_existing=True,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=MISFIRE_GRACE_S,
        )


def _trigger(job: NightlyJob) -> CronTrigger:
    return CronTrigger.from_crontab(job.cron, timezone=ZoneInfo(job.time_zone))


def _readable(jobs: Iterable[NightlyJob]) -> tuple[dict[NightlyJob, CronTrigger], list[str]]:
    timed: dict[NightlyJob, CronTrigger] = {}
    refused: list[str] = []
    for job in jobs:
        try:
            timed[job] = _trigger(job)
        except (ValueError, ZoneInfoNotFoundError) as error:
            refused.append(f"{job.product}: {job.cron!r} in {job.time_zone!r} is no timetable ({error})")
    return timed, refused
