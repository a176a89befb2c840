"""Which function runs which kind of scenario."""

from collections.abc import Callable, Mapping

from line.drill.poisoned import poisoned
from line.drill.report import Report
from line.drill.scenario import Course, Scenario
from line.drill.under_fire import under_fire

COURSES: Mapping[Course, Callable[[Scenario], Report]] = {
    Course.UNDER_FIRE: under_fire,
    Course.POISONED: poisoned,
}


def run(scenario: Scenario) -> Report:
    """Run one scenario on servers of its own.

    Raises:
        LineError: A server cannot be had, or the line did not come to its end.
    """
    return COURSES[scenario.course](scenario)
