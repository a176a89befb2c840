"""Opens a source again after it failed, with growing pauses, while the line goes on."""

from collections.abc import Callable

import structlog

from ingest.cameras import Camera, CameraSilent, Taken
from ingest.pacing import Monotonic

log = structlog.get_logger()


class ReopeningCamera:
    """A camera that heals: a failed source is closed, and opened again at a later part. It never sleeps itself."""

    def __init__(
        self, open_camera: Callable[[], Camera], monotonic: Monotonic, first_delay_s: float, longest_delay_s: float
    ) -> None:
        self._open = open_camera
        self._monotonic = monotonic
        self._first_delay_s = first_delay_s
        self._longest_delay_s = longest_delay_s
        self._delay_s = first_delay_s
        self._open_at = monotonic()
        self._camera: Camera | None = None

    def grab(self) -> Taken:
        """A picture from the source, opened first where necessary; silence while it is too early to try again."""
        try:
            taken = self._opened().grab()
        except CameraSilent:
            self._give_up()
            raise
        self._delay_s = self._first_delay_s
        return taken

    def close(self) -> None:
        """Close what is open."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None

    def _opened(self) -> Camera:
        if self._camera is None:
            if (wait_s := self._open_at - self._monotonic()) > 0:
                raise CameraSilent(f"opened again in {wait_s:.1f} s")
            self._camera = self._open()
        return self._camera

    def _give_up(self) -> None:
        """Only what was tried just now makes the pause longer, not every part that passed meanwhile."""
        self.close()
        if (now := self._monotonic()) >= self._open_at:
            log.warning("source_failed", again_in_s=self._delay_s)
            self._open_at = now + self._delay_s
            self._delay_s = min(2 * self._delay_s, self._longest_delay_s)
