"""What is asked of the outside world about cameras: their rows, their counters, what they usually see."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from core.camera import CameraChange, ConfiguredCamera, RefusedCamera
from core.camera_account import RunCounts
from core.inspection import CameraRun
from core.optics import OpticsCheck


class CameraDirectory(Protocol):
    """Which cameras the plant has, and how each should run."""

    def cameras(self) -> list[ConfiguredCamera]:
        """All that can run, by name, those that are switched off included."""
        ...

    def refused_cameras(self) -> list[RefusedCamera]:
        """The other rows by name, and what is wrong with each."""
        ...

    def change_camera(self, change: CameraChange, at: datetime, who: str, why: str) -> None:
        """Add, change or remove a camera; the audit keeps both states, without passwords.

        Raises:
            CameraChanged: The camera does not stand as `change.before` says; nothing was changed.
        """
        ...


class FleetLock(Protocol):
    """Of several fleets on one database one runs the cameras. Owned by one thread."""

    def take(self) -> bool:
        """Whether it is ours, now or still. It ends with the process that holds it, by whatever means that ends.

        Raises:
            LedgerUnavailable: Nobody knows, and it may be another's by now; asking again is safe.
        """
        ...

    def release(self) -> None:
        """Leave it to another. Safe to call where it is not ours."""
        ...


class CameraCounters(Protocol):
    """What the ledger knows of every camera's frames."""

    def run_counts(self) -> list[RunCounts]:
        """All runs of all cameras, by camera, oldest first."""
        ...


class NewestRuns(Protocol):
    """What the cameras said of themselves last."""

    def newest_runs(self) -> list[CameraRun]:
        """One per camera that ever reported: the run with its newest report; by camera."""
        ...


class OpticsRegistry(Protocol):
    """What each camera's pictures usually look like."""

    def save_optics(
        self, camera: str, product: str, check: OpticsCheck | None, at: datetime, who: str, why: str
    ) -> None:
        """Check this camera's pictures of this product by these limits from now on; None: check them no longer."""
        ...

    def optics(self) -> Mapping[tuple[str, str], OpticsCheck]:
        """The newest baseline by camera and product."""
        ...

    def good_frames(self, camera: str, product: str, limit: int) -> list[str]:
        """URIs of the newest frames judged OK whose pictures are kept."""
        ...
