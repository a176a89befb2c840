"""The nightly jobs: what, when, and what a late start means. APScheduler lives only here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from core.product import Product

MISFIRE_GRACE_S = 3 * 3600
"""A job may start up to three hours late (a machine that was busy or off); after that the night is skipped."""


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


class Timetable:
    """Runs the night of each product at its hour, one at a time per product.

    Jobs live in code, not in a job store: a stored job is a pickle, and a pickle runs whatever is in it.
    """

    def __init__(self, night: Callable[[str], None]) -> None:
        self._night = night
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

    def _add(self, job: NightlyJob, trigger: CronTrigger) -> None:
        self._scheduler.add_job(
            self._night,
            trigger,
            args=[job.product],
            id=job.product,
            replace_existing=True,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=MISFIRE_GRACE_S,
        )


def _readable(jobs: Iterable[NightlyJob]) -> tuple[dict[NightlyJob, CronTrigger], list[str]]:
    timed: dict[NightlyJob, CronTrigger] = {}
    refused: list[str] = []
    for job in jobs:
        try:
            timed[job] = CronTrigger.from_crontab(job.cron, timezone=ZoneInfo(job.time_zone))
        except (ValueError, ZoneInfoNotFoundError) as error:
            refused.append(f"{job.product}: {job.cron!r} in {job.time_zone!r} is no timetable ({error})")
    return timed, refused
