"""What a camera tells of its health."""

from dataclasses import replace

from core.health import Measured, Pulse
from ingest.counters import Counts
from ingest.stamping import Identity
from ingest.vitals import CameraState, camera_metrics, reasons_to_restart, reasons_to_wait

LABELS = ("top", "nut")


def state(now: list[float], counts: Counts | None = None, waiting: int = 0) -> CameraState:
    rounds, pictures = Pulse(lambda: now[0]), Pulse(lambda: now[0])
    rounds.beat()
    pictures.beat()
    identity = Identity("top", "nut", "0123456789ab")
    return CameraState(identity, counts or Counts(), waiting, 10 * waiting, 5, rounds, pictures, True, True)


def value(measured: list[Measured], name: str) -> object:
    return next(each.values[LABELS] for each in measured if each.name == name)


def test_everything_a_camera_counts_is_measured() -> None:
    """Drops among it."""
    counts = Counts(captured=9, acknowledged=5, dropped=3, announced=2, missed=1, skipped=4, failed_sends=6)
    measured = list(camera_metrics(state([0.0], counts)))
    names = ("captured", "acknowledged", "dropped", "announced", "missed", "skipped", "failed_sends")
    assert [value(measured, f"line_camera_{name}_total") for name in names] == [9, 5, 3, 2, 1, 4, 6]


def test_the_age_of_the_last_picture_and_the_queue_are_measured() -> None:
    """As they stand now."""
    now = [0.0]
    found = state(now, waiting=2)
    now[0] = 14.0
    measured = list(camera_metrics(found))
    assert value(measured, "line_camera_age_seconds") == 14
    assert value(measured, "line_camera_waiting_frames") == 2
    assert value(measured, "line_camera_waiting_bytes") == 20
    assert value(measured, "line_camera_in_flight_bytes") == 5


def test_a_camera_that_gives_pictures_which_the_bus_takes_is_ready() -> None:
    """And one that does not says which of the two it is."""
    now = [0.0]
    well = state(now)
    now[0] = 14.0
    assert reasons_to_wait(well) == []
    assert reasons_to_wait(replace(well, seen=False)) == ["top has given no picture for 14 s"]
    assert reasons_to_wait(replace(well, taken=False, waiting=3)) == ["the bus takes no frames: 3 wait"]
    unseen = replace(well, pictures=Pulse(lambda: now[0]))
    assert reasons_to_wait(unseen) == ["top has not given a picture yet"]


def test_a_source_that_hangs_asks_for_a_restart_and_a_full_bus_does_not() -> None:
    """A restart brings the one back, and would lose the frames of the other."""
    now = [0.0]
    hanging, waiting = state(now), state(now, waiting=1)
    now[0] = 121.0
    assert "has not gone round for 121 s" in reasons_to_restart(hanging, 120, rate=5)[0]
    assert reasons_to_restart(waiting, 120, rate=5) == []


def test_a_slow_line_is_not_taken_for_a_source_that_hangs() -> None:
    """One part in five minutes."""
    now = [0.0]
    slow = state(now)
    now[0] = 310.0
    assert reasons_to_restart(slow, 120, rate=1 / 300) == []
    now[0] = 910.0
    assert reasons_to_restart(slow, 120, rate=1 / 300)
