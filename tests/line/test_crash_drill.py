"""kill -9 of the worker while frames pass: the rows are the journal, no more and no less."""

import pytest

from line.crash_drill import Scenario, print_report
from tests.line.drills import drill_or_skip

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(Scenario("postgres", frames=200, kills=3), id="small"),
        pytest.param(Scenario("postgres", frames=2000, kills=10), id="postgres"),
        pytest.param(Scenario("kafka", frames=2000, kills=10), id="kafka"),
    ],
)
def test_rows_equal_the_journal_whenever_the_worker_is_killed(scenario: Scenario) -> None:
    """No frame lost, none twice, each camera in order; and SIGTERM ends the last worker within ten seconds."""
    report = drill_or_skip(scenario)
    print_report(report)
    assert report.findings.problems() == ()
    assert report.findings.rows == scenario.frames
    assert report.stopped_within_s < 10
    assert report.seconds < 180
