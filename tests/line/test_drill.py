"""The acceptance scenarios A1 to A9, small: what is killed, frozen or taken away, the rows are the journals."""

import pytest

from line.drill.acceptance import SMALL
from line.drill.report import header, row
from line.drill.scenario import Scenario
from tests.line.drills import drill_or_skip

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("scenario", SMALL, ids=lambda scenario: scenario.title.replace(" ", "-"))
def test_the_line_keeps_its_promise(scenario: Scenario) -> None:
    """Nothing lost, doubled, strange, missing or out of order, and whatever else the scenario expects."""
    report = drill_or_skip(scenario)
    print(f"{header()}\n{row(report)}")
    assert report.problems() == ()
