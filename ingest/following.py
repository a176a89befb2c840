"""Lets a fleet follow the cameras' rows, as long as it is the one that runs them."""

from datetime import datetime
from threading import Event
from typing import Protocol

import structlog

from core.camera import ConfiguredCamera, RefusedCamera
from core.camera_ports import CameraDirectory, NewestRuns
from core.errors import LineError
from core.health import Pulse
from core.inspection import CameraRun
from ingest.fleet import Fleet
from ingest.fleet_vitals import FleetState
from ingest.pacing import Monotonic
from ingest.standby import Watch

log = structlog.get_logger()


class FleetLedger(CameraDirectory, NewestRuns, Protocol):
    """What a fleet asks of the ledger."""


class Follower:
    """Owned by one thread. While Postgres is away or refuses the rows, every camera goes on as it is."""

    def __init__(self, fleet: Fleet, directory: FleetLedger, watch: Watch, monotonic: Monotonic) -> None:
        self._fleet = fleet
        self._directory = directory
        self._watch = watch
        self._cameras: list[ConfiguredCamera] = []
        self._refused: list[RefusedCamera] = []
        self._runs: dict[str, CameraRun] = {}
        self._unread = ""
        self._rounds = Pulse(monotonic)

    def state(self, now: datetime) -> FleetState:
        """As it stands, without asking anybody; any thread may."""
        return FleetState(
            stands_by=self._watch.stands_by,
            unread=self._unread,
            cameras=[camera for camera in self._cameras if camera.enabled],
            refused=len(self._refused),
            running=frozenset(self._fleet.running),
            failed=frozenset(self._fleet.failed),
            starts=self._fleet.starts,
            runs=self._runs,
            rounds=self._rounds,
            now=now,
        )

    def follow(self, stop: Event, interval_s: float) -> None:
        """Look at the rows again and again until told to stop."""
        while not stop.is_set():
            self.look()
            stop.wait(interval_s)

    def look(self) -> None:
        """Once: what the rows say now, or said last."""
        try:
            self._read()
        except LineError as error:
            if not self._unread:
                log.warning("cameras_not_read", error=str(error))
            self._unread = str(error)
        self._fleet.tend(self._cameras)
        self._rounds.beat()

    def _read(self) -> None:
        if self._watch.is_ours():
            self._cameras = self._directory.cameras()
            self._refuse(self._directory.refused_cameras())
            self._runs = {run.camera: run for run in self._directory.newest_runs()}
        else:
            self._cameras = []
        self._unread = ""

    def _refuse(self, rows: list[RefusedCamera]) -> None:
        for row in rows:
            if row not in self._refused:
                log.error("camera_row_refused", camera=row.name, error=row.reason)
        self._refused = rows
