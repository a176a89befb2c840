"""Lets a fleet follow the cameras' rows, as long as it is the one that runs them."""

from threading import Event

import structlog

from core.camera import ConfiguredCamera, RefusedCamera
from core.camera_ports import CameraDirectory
from core.errors import LineError
from ingest.fleet import Fleet
from ingest.standby import Watch

log = structlog.get_logger()


class Follower:
    """Owned by one thread. While Postgres is away or refuses the rows, every camera goes on as it is."""

    def __init__(self, fleet: Fleet, directory: CameraDirectory, watch: Watch) -> None:
        self._fleet = fleet
        self._directory = directory
        self._watch = watch
        self._cameras: list[ConfiguredCamera] = []
        self._refused: list[RefusedCamera] = []
        self._unread = ""

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

    def _read(self) -> None:
        if self._watch.is_ours():
            self._cameras = self._directory.cameras()
            self._refuse(self._directory.refused_cameras())
        else:
            self._cameras = []
        self._unread = ""

    def _refuse(self, rows: list[RefusedCamera]) -> None:
        for row in rows:
            if row not in self._refused:
                log.error("camera_row_refused", camera=row.name, error=row.reason)
        self._refused = rows
