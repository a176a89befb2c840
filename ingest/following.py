"""Lets a fleet follow the cameras' rows, as long as it is the one that runs them."""

from threading import Event

import structlog

from core.camera import ConfiguredCamera
from core.camera_ports import CameraDirectory
from core.errors import LineError
from ingest.fleet import Fleet
from ingest.standby import Watch

log = structlog.get_logger()


def follow_rows(fleet: Fleet, directory: CameraDirectory, watch: Watch, stop: Event, interval_s: float) -> None:
    """Look at the rows again and again. While Postgres is away or refuses them, every camera goes on as it is."""
    cameras: list[ConfiguredCamera] = []
    reachable = True
    while not stop.is_set():
        try:
            cameras, reachable = directory.cameras() if watch.is_ours() else [], True
        except LineError as error:
            if reachable:
                log.warning("cameras_not_read", error=str(error))
            reachable = False
        fleet.tend(cameras)
        stop.wait(interval_s)
