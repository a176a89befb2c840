"""What the dashboard tells Prometheus of the line."""

from datetime import UTC, datetime

from core.gap import Gap
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


def test_what_the_bus_lost_is_measured_by_partition_and_in_all() -> None:
    """Nought while nothing was lost, so that an alarm has something to compare with."""
    gaps = [Gap("frames", 3, 5, 9, ("top",), NOW), Gap("frames", 3, 20, 21, ("top",), NOW)]
    found = {each.name: each.values for each in line_metrics(LineState([ROW], 3, NOW, gaps))}
    assert found["line_bus_gap_frames"] == {("frames", "3"): 5}
    assert found["line_bus_gap_frames_all"] == {(): 5}
    found = {each.name: each.values for each in line_metrics(LineState([ROW], 3, NOW))}
    assert found["line_bus_gap_frames_all"] == {(): 0}


def test_what_does_not_answer_is_told_as_such() -> None:
    """Never as a nought."""
    found = {each.name: each.values for each in line_metrics(LineState(None, None, NOW))}
    assert found["line_ledger_reachable"] == found["line_bus_reachable"] == {(): False}
    assert "line_bus_waiting_records" not in found


def test_a_dashboard_without_postgres_is_not_ready() -> None:
    """It has nothing new to show; without the bus it has."""
    assert reasons_to_wait(LineState([], None, NOW)) == []
    assert "DATABASE_URL" in reasons_to_wait(LineState(None, None, NOW))[0]
