"""`python -m ingest`: one camera's process, or with --from-database one per row. Here alone adapters are chosen."""

import secrets
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import structlog

from core.adapters import wiring
from core.adapters.log_lines import write_log_lines
from core.camera import masked
from core.errors import LineError
from core.health import StationHealth
from core.settings import LineSettings
from ingest import camera_verbs, fleet_vitals
from ingest.camera_process import launcher, read_camera, stop_with_parent
from ingest.cameras import Camera
from ingest.command_line import Arguments, FromDatabase, FromStdin, of_row, parse_any
from ingest.counters import Counts
from ingest.fleet import SOURCE_ENDED, Fleet
from ingest.fleet_vitals import FleetState
from ingest.following import Follower
from ingest.journal import FileJournal, Journal, NoJournal
from ingest.loop import Attend, Plan, Surroundings, run_camera
from ingest.reporting import LateRegistry
from ingest.settings import IngestSettings
from ingest.signing import key_of, refuse_one_key_for_all, with_signature
from ingest.sources import Opening, open_camera
from ingest.stamping import Identity
from ingest.standby import Watch
from ingest.vitals import CameraState, camera_metrics, reasons_to_restart, reasons_to_wait

CLOSE_S = 1.0

log = structlog.get_logger()


def main() -> int:
    """Run the camera of the command line; 0 if it ended as it should, 1 if the line refused it, 2 for usage.

    A camera of --from-database says SOURCE_ENDED where there is nothing more to see.
    """
    write_log_lines(LineSettings().log_format, "ingest")
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    try:
        return run_as_told(sys.argv[1:], stop)
    except LineError as error:
        print(f"ingest: {masked(str(error))}", file=sys.stderr)
        return 1


def run_as_told(words: list[str], stop: Event) -> int:
    """The cameras' rows, all cameras that have one, or a single camera; returns the exit code."""
    if words[:1] == ["camera"]:
        print(*camera_verbs.run(words[1:], open_desk), sep="\n")
        return 0
    told = parse_any(words)
    if isinstance(told, FromDatabase):
        keep_fleet(told.journals, IngestSettings(), stop)
    elif isinstance(told, FromStdin):
        camera = read_camera()
        stop_with_parent(stop)
        run_one(of_row(camera, told.journal), stop)
        return 0 if stop.is_set() else SOURCE_ENDED
    else:
        run_one(told, stop)
    return 0


def run_one(arguments: Arguments, stop: Event) -> None:
    """One camera, to its end."""
    identity = Identity(arguments.camera, arguments.product, secrets.token_hex(6))
    log.info("camera_started", camera=identity.camera, product=identity.product, start_id=identity.start_id)
    counts = inspect(arguments, identity, IngestSettings(), stop)
    log.info("camera_stopped", camera=identity.camera, start_id=identity.start_id, **asdict(counts))
    if counts.unsettled:
        log.warning("frames_not_acknowledged", camera=identity.camera, frames=counts.unsettled)


def keep_fleet(journals: Path | None, settings: IngestSettings, stop: Event) -> None:
    """A process per enabled camera, as the rows say, until told to stop; nothing while another fleet does so."""
    refuse_one_key_for_all(settings)
    line = LineSettings()
    ledger = wiring.open_ledger(line, "cameras")
    lock = wiring.fleet_lock(ledger)
    fleet = Fleet(launcher(journals), time.monotonic, settings.first_reopen_s, settings.longest_reopen_s)
    follower = Follower(fleet, ledger, Watch(lock, time.monotonic), time.monotonic)
    try:
        with wiring.serve_health(line, settings.metrics_port, fleet_health(follower, settings)):
            follower.follow(stop, settings.rows_interval_s)
    finally:
        fleet.close(time.sleep)
        lock.release()  # after the cameras: whoever takes over finds none of ours
        ledger.close()


def fleet_health(follower: Follower, settings: IngestSettings) -> StationHealth:
    """Whoever asks at the metrics port is told of every camera: one port cannot serve several processes."""

    def state() -> FleetState:
        return follower.state(datetime.now(UTC))

    return StationHealth(
        lambda: fleet_vitals.fleet_metrics(state()),
        lambda: fleet_vitals.reasons_to_restart(state(), settings.stuck_after_s),
        lambda: fleet_vitals.reasons_to_wait(state()),
    )


def open_desk() -> camera_verbs.Desk:
    """Where a person changes the cameras' rows."""
    return camera_verbs.Desk(wiring.open_ledger(LineSettings(), "cameras"), datetime.now(UTC), camera_verbs.read_line)


def inspect(arguments: Arguments, identity: Identity, settings: IngestSettings, stop: Event) -> Counts:
    """Open everything, run, and close it in the opposite order."""
    camera = open_camera(arguments.source, Opening(arguments.seed, settings, time.monotonic, arguments.patient))
    journal: Journal = FileJournal(arguments.journal) if arguments.journal else NoJournal()
    try:
        return run_on_the_line(camera, journal, to_plan(arguments, identity, settings), settings, stop)
    finally:
        journal.close()
        camera.close()


def run_on_the_line(camera: Camera, journal: Journal, plan: Plan, settings: IngestSettings, stop: Event) -> Counts:
    """Run against the real bus, ledger and artifact store."""
    line = LineSettings()
    key = key_of(plan.identity.camera, settings)
    publisher = with_signature(wiring.open_publisher(line), key)
    around = Surroundings(
        publisher=publisher,
        artifacts=wiring.open_artifacts(line),
        registry=LateRegistry(lambda: wiring.open_ledger(line, f"camera {plan.identity.camera}")),
        journal=journal,
        clock=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        rest=stop.wait,
        attend=attended(line, settings, plan.rate),
    )
    try:
        return run_camera(camera, plan, around, stop)
    finally:
        publisher.close(CLOSE_S)


def attended(line: LineSettings, settings: IngestSettings, rate: float) -> Attend:
    """Whoever asks at the metrics port is told how the camera's run stands."""

    def attend(state: Callable[[], CameraState]) -> AbstractContextManager[object]:
        health = StationHealth(
            lambda: camera_metrics(state()),
            lambda: reasons_to_restart(state(), settings.stuck_after_s, rate),
            lambda: reasons_to_wait(state()),
        )
        return wiring.serve_health(line, settings.metrics_port, health)

    return attend


def to_plan(arguments: Arguments, identity: Identity, settings: IngestSettings) -> Plan:
    """The command line and the settings as one plan."""
    return Plan(
        identity=identity,
        rate=arguments.rate,
        policy=arguments.policy,
        frames=arguments.frames,
        waiting_bytes=settings.waiting_bytes,
        in_flight_bytes=settings.in_flight_bytes,
        report_interval_s=settings.report_interval_s,
        drain_s=settings.drain_s,
    )


if __name__ == "__main__":
    sys.exit(main())
