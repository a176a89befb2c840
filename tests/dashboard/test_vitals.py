"""What the dashboard tells Prometheus of the line."""

from datetime import UTC, datetime

from dashboard.read_models import CameraCounts, CameraRow
from dashboard.vitals import LineState, line_metrics, reasons_to_wait

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROW = CameraRow("top", "nut", CameraCounts(captured=10, judged=7, dropped=2), ())


def test_the_counters_of_every_camera_are_measured() -> None:
    """As the pages show them."""
    found = {each.name: each.values for each in line_metrics(LineState([ROW], 3, NOW))}
    names = ("captured", "judged", "unjudged", "dropped")
    assert [found[f"line_ledger_{name}_frames"]["top", "nut"] for name in names] == [10, 7, 3, 2]
    assert found["line_bus_waiting_records"] == {(): 3}


def test_what_does_not_answer_is_told_as_such() -> None:
    """Never as a nought."""
    found = {each.name: each.values for each in line_metrics(LineState(None, None, NOW))}
    assert found["line_ledger_reachable"] == found["line_bus_reachable"] == {(): False}
    assert "line_bus_waiting_records" not in found


def test_a_dashboard_without_postgres_is_not_ready() -> None:
    """It has nothing new to show; without the bus it has."""
    assert reasons_to_wait(LineState([], None, NOW)) == []
    assert "DATABASE_URL" in reasons_to_wait(LineState(None, None, NOW))[0]
