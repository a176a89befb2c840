"""What a camera counts of its own run."""

from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from core.inspection import CameraRun
from ingest.stamping import Identity


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers that only grow.

    captured = acknowledged + dropped + what still waits. `acknowledged` are frames the bus holds; `dropped` were
    given up; `announced` of those are known to the bus; `missed` is how often the camera gave nothing; `skipped`
    are parts that passed while the camera was busy; `failed_sends` were sent again.
    """

    captured: int = 0
    acknowledged: int = 0
    dropped: int = 0
    announced: int = 0
    missed: int = 0
    skipped: int = 0
    failed_sends: int = 0

    @property
    def unsettled(self) -> int:
        """Captured frames of which the bus has acknowledged neither the frame nor its announcement."""
        return self.captured - self.acknowledged - self.announced


class Counters:
    """Counts that several threads add to."""

    def __init__(self) -> None:
        self._counts = Counts()
        self._lock = Lock()

    def add(self, name: str, amount: int = 1) -> None:
        """Add to one of the counts by its name."""
        with self._lock:
            self._counts = replace(self._counts, **{name: getattr(self._counts, name) + amount})

    @property
    def now(self) -> Counts:
        """All of them, as they stand."""
        return self._counts


@dataclass(frozen=True, slots=True)
class Sight:
    """Whether the camera sees just now: `silence` says why not; `last_frame_at` is None before its first picture."""

    silence: str = ""
    last_frame_at: datetime | None = None


def to_camera_run(
    identity: Identity, counts: Counts, reported_at: datetime, sight: Sight = Sight(), ended: bool = False
) -> CameraRun:
    """What the camera tells the ledger."""
    return CameraRun(
        identity.camera,
        identity.start_id,
        identity.product,
        counts.captured,
        counts.dropped,
        reported_at,
        counts.acknowledged + counts.announced,
        counts.missed,
        counts.skipped,
        sight.silence,
        sight.last_frame_at,
        ended,
    )
