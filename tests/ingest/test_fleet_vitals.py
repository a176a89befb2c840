"""What a fleet tells of its cameras and of itself."""

from dataclasses import replace
from datetime import timedelta

from core.adapters.in_memory_cameras import MemoryFleetLock
from core.adapters.in_memory_ledger import MemoryLedger
from core.camera import CameraChange, RefusedCamera
from core.errors import LedgerUnavailable
from core.health import Measured
from core.inspection import CameraRun
from ingest.fleet_vitals import FleetState, fleet_metrics, reasons_to_restart, reasons_to_wait
from ingest.following import Follower
from ingest.standby import Watch
from tests.ingest.test_fleet import SIDE, TOP, AwayLock, Harbour
from tests.ingest.twins import NOON


class Plant:
    """Two cameras with rows, followed by a fleet of twins."""

    def __init__(self, lock: MemoryFleetLock | None = None) -> None:
        self.harbour, self.ledger = Harbour(), MemoryLedger()
        for camera in (TOP, SIDE):
            self.ledger.change_camera(CameraChange(None, camera), NOON, "ada", "new")
        clock = self.harbour.clock
        self.follower = Follower(self.harbour.fleet, self.ledger, Watch(lock or MemoryFleetLock(), clock), clock)

    def report(self, camera: str, product: str, captured: int, silence: str = "") -> None:
        at = self.harbour.clock.now()
        run = CameraRun(camera, "0123456789ab", product, captured, 1, at, captured - 2, 3, 4, silence, at)
        self.ledger.report(run)

    def look(self) -> FleetState:
        self.follower.look()
        return self.follower.state(self.harbour.clock.now())


def value(state: FleetState, name: str, *labels: str) -> object:
    measured: list[Measured] = list(fleet_metrics(state))
    return next(each.values[labels] for each in measured if each.name == name)


def well() -> Plant:
    plant = Plant()
    plant.look()
    plant.report("line1-top", "nut", 9)
    plant.report("line1-side", "bolt", 5)
    return plant


def test_every_camera_has_its_numbers_at_the_fleets_one_port() -> None:
    """As the camera reported them last, and how long ago that was."""
    plant = well()
    plant.harbour.clock.rest(7.0)
    state = plant.look()
    names = ("captured", "dropped", "missed", "skipped", "on_bus")
    assert [value(state, f"line_camera_{name}_total", "line1-top", "nut") for name in names] == [9, 1, 3, 4, 7]
    assert value(state, "line_camera_captured_total", "line1-side", "bolt") == 5
    assert value(state, "line_camera_report_age_seconds", "line1-top", "nut") == 7
    assert value(state, "line_camera_age_seconds", "line1-top", "nut") == 7
    assert value(state, "line_camera_running", "line1-side", "bolt") == 1
    assert reasons_to_wait(state) == []


def test_a_camera_whose_row_is_gone_or_switched_off_has_no_series() -> None:
    """Its numbers would look like those of one that runs."""
    plant = well()
    plant.ledger.change_camera(CameraChange(TOP, replace(TOP, enabled=False)), NOON, "ada", "off")
    plant.ledger.change_camera(CameraChange(SIDE, None), NOON, "ada", "gone")
    assert all("line1-top" not in str(each.values) for each in fleet_metrics(plant.look()))
    assert all("line1-side" not in str(each.values) for each in fleet_metrics(plant.look()))


def test_a_camera_that_fails_is_told_as_such_and_its_starts_are_counted() -> None:
    """A loop of crashes is a slope."""
    plant = well()
    plant.harbour.started[0].code = 1
    failed = plant.look()
    name = plant.harbour.started[0].camera.name
    assert reasons_to_wait(failed) == [f"{name} has failed and is started again"]
    plant.harbour.clock.rest(1.0)
    plant.look()
    assert value(plant.look(), "line_camera_starts_total", name) == 2


def test_a_camera_that_sees_nothing_or_says_nothing_is_why_the_fleet_is_not_ready() -> None:
    """With its name and the reason it gave."""
    plant = well()
    plant.report("line1-top", "nut", 10, silence="no picture for 3 s")
    assert reasons_to_wait(plant.look()) == ["line1-top gives no picture: no picture for 3 s"]
    plant.harbour.clock.rest(100.0)
    plant.report("line1-top", "nut", 11)
    assert reasons_to_wait(plant.look()) == ["line1-side has not reported for 100 s"]
    assert reasons_to_wait(Plant().look()) == [
        "line1-side has not reported yet",
        "line1-top has not reported yet",
    ]


def test_a_fleet_that_stands_by_says_so_and_shows_no_camera() -> None:
    """The other one does."""
    plant = Plant(MemoryFleetLock([MemoryFleetLock()]))
    state = plant.look()
    assert reasons_to_wait(state) == ["another fleet on this database runs the cameras: this one stands by"]
    assert value(state, "line_fleet_stands_by") == 1
    assert plant.harbour.started == []


def test_rows_that_cannot_be_read_keep_the_numbers_and_say_so() -> None:
    """The cameras go on meanwhile."""
    lock = AwayLock()
    plant = Plant(lock)
    plant.report("line1-top", "nut", 9)
    plant.report("line1-side", "bolt", 5)
    plant.look()
    lock.away = True
    state = plant.look()
    assert reasons_to_wait(state) == [f"the cameras' rows cannot be read: {LedgerUnavailable('away')}"]
    assert value(state, "line_fleet_rows_readable") == 0
    assert value(state, "line_camera_captured_total", "line1-top", "nut") == 9


def test_a_row_that_no_camera_can_run_by_is_counted() -> None:
    """Its name and what is wrong with it are in the log and in the list."""
    plant = well()
    plant.ledger.refused_rows.append(RefusedCamera("line1 top", "camera must match"))
    assert value(plant.look(), "line_fleet_refused_rows") == 1


def test_a_fleet_whose_loop_hangs_asks_for_a_restart() -> None:
    """And one that has just looked does not."""
    plant = well()
    state = plant.look()
    assert reasons_to_restart(state, 120) == []
    plant.harbour.clock.rest(timedelta(minutes=3).total_seconds())
    assert "has not gone round for 180 s" in reasons_to_restart(state, 120)[0]
