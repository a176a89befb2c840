"""The acceptance scenarios A1 to A9 on the embedded bus, small: whatever strikes, the rows are the journals."""

import pytest

from line.drill.acceptance import SMALL
from line.drill.scenario import Scenario
from tests.line.drills import hold_to_its_promise

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize(
    "scenario", [one for one in SMALL if one.bus == "postgres"], ids=lambda scenario: scenario.title.replace(" ", "-")
)
def test_the_line_keeps_its_promise(scenario: Scenario) -> None:
    """Nothing lost, doubled, strange, missing or out of order, and whatever else the scenario expects."""
    hold_to_its_promise(scenario)
