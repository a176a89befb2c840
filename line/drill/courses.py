"""Which function runs which kind of scenario."""

from collections.abc import Callable, Mapping

from line.drill.poisoned import poisoned
from line.drill.report import Report
from line.drill.scenario import Course, Scenario
from line.drill.slots import one_run_per_slot
from line.drill.under_fire import under_fire
from line.drill.without_redis import without_redis

COURSES: Mapping[Course, Callable[[Scenario], Report]] = {
    Course.UNDER_FIRE: under_fire,
    Course.WITHOUT_REDIS: without_redis,
    Course.POISONED: poisoned,
    Course.SLOTS: one_run_per_slot,
}


def run(scenario: Scenario) -> Report:
    """Run one scenario on servers of its own.

    Raises:
        LineError: A server cannot be had, or the line did not come to its end.
    """
    return COURSES[scenario.course](scenario)
