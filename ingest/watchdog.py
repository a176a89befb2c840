"""Opens a source again after it failed or fell silent, with growing pauses, while the line goes on."""

from collections.abc import Callable

import structlog

from core.camera import masked
from core.errors import LineError, SettingRefused
from ingest.cameras import Camera, CameraLost, CameraSilent, Taken
from ingest.pacing import Monotonic

log = structlog.get_logger()


class ReopeningCamera:
    """A camera that heals. It never sleeps itself.

    A lost source is closed at once, one that gives nothing for `silent_after_s` is taken for lost; either is opened
    again at a later part. What a start would refuse (a folder that is not there) is waited for here: it was there,
    or somebody who is not at a terminal asked for it.
    """

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        monotonic: Monotonic,
        first_delay_s: float,
        longest_delay_s: float,
        silent_after_s: float,
    ) -> None:
        self._open = open_camera
        self._monotonic = monotonic
        self._first_delay_s = first_delay_s
        self._longest_delay_s = longest_delay_s
        self._silent_after_s = silent_after_s
        self._delay_s = first_delay_s
        self._open_at = monotonic()
        self._silent_since: float | None = None
        self._camera: Camera | None = None

    def grab(self) -> Taken:
        """A picture from the source, opened first where necessary; silence while it is too early to try again."""
        if (wait_s := self._open_at - self._monotonic()) > 0:
            raise CameraSilent(f"opened again in {wait_s:.1f} s")
        try:
            taken = self._opened().grab()
        except SettingRefused as error:
            self._give_up(error)
            raise CameraLost(error.detail) from error
        except CameraSilent as error:
            if self._is_lost(error):
                self._give_up(error)
            raise
        self._delay_s = self._first_delay_s
        self._silent_since = None
        return taken

    def close(self) -> None:
        """Close what is open."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None

    def _opened(self) -> Camera:
        if self._camera is None:
            self._camera = self._open()
        return self._camera

    def _is_lost(self, error: CameraSilent) -> bool:
        """Silence is counted from the first question without an answer: at a slow rate nobody asked before."""
        now = self._monotonic()
        self._silent_since = now if self._silent_since is None else self._silent_since
        too_long = now - self._silent_since >= self._silent_after_s
        return self._camera is None or isinstance(error, CameraLost) or too_long

    def _give_up(self, error: LineError) -> None:
        self.close()
        self._silent_since = None
        log.warning("source_failed", error=masked(error.detail), again_in_s=self._delay_s)
        self._open_at = self._monotonic() + self._delay_s
        self._delay_s = min(2 * self._delay_s, self._longest_delay_s)
