"""Asks a source on a thread of its own: a call that does not return costs one thread, never the camera's rhythm."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread

from core.errors import LineError
from ingest.cameras import Camera, CameraLost, CameraSilent, CameraStuck, Taken
from ingest.pacing import Monotonic

ANSWER_S = 1.0
"""How long the line waits at a time: a camera that is to stop hears of it within this."""

MOST_LEFT_BEHIND = 3
"""Threads that wait for calls which do not return. More attempts would only pile up in the same driver."""


class SourceBroken(LineError):
    """The thread that asks the source ended by itself: a defect of this program; see the traceback above."""


Answer = Taken | LineError


class AttendedCamera:
    """A source whose calls may hang: a folder on a server that is away, a driver that forgot its device.

    Opening happens on the source's own thread too, at the first question. An answer that comes late is kept for the
    next `grab`, unless the source is `live`: then it shows a part that has passed meanwhile, and is let go. Whoever
    has waited long enough closes this camera and opens another.
    """

    def __init__(self, open_camera: Callable[[], Camera], answer_s: float = ANSWER_S, live: bool = False) -> None:
        self._answer_s = answer_s
        self._live = live
        self._questions: SimpleQueue[bool] = SimpleQueue()
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._asked = False
        self.thread = Thread(target=self._attend, args=(open_camera,), name="source", daemon=True)
        self.thread.start()

    def grab(self) -> Taken:
        """The source's answer, if it comes soon enough.

        Raises:
            SourceBroken: There will be no answer any more.
        """
        if self._live and self._asked:
            self._let_go_of_late_picture()
        if not self._asked:
            self._questions.put(True)
            self._asked = True
        try:
            answer = self._answers.get(timeout=self._answer_s)
        except Empty:
            raise CameraSilent("the source does not answer") from None
        return self._heard(answer)

    def close(self) -> None:
        """Let the thread close what it opened; one that hangs is left behind and ends with its call."""
        self._questions.put(False)
        self.thread.join(self._answer_s)

    def _heard(self, answer: Answer) -> Taken:
        self._asked = False
        if isinstance(answer, LineError):
            raise answer
        return answer

    def _let_go_of_late_picture(self) -> None:
        """An error is no less true for being late, and is raised."""
        with suppress(Empty):
            self._heard(self._answers.get_nowait())

    def _attend(self, open_camera: Callable[[], Camera]) -> None:
        as_told = False
        try:
            self._answer_all(open_camera)
            as_told = True
        finally:
            if not as_told:
                self._answers.put(SourceBroken())

    def _answer_all(self, open_camera: Callable[[], Camera]) -> None:
        camera: Camera | None = None
        while self._questions.get():
            try:
                camera = camera or open_camera()
                self._answers.put(camera.grab())
            except LineError as error:
                self._answers.put(error)
        if camera is not None:
            camera.close()


@dataclass
class Attendance:
    """Opens attended cameras, and knows which threads of earlier ones still wait for a call to return."""

    open_camera: Callable[[], Camera]
    monotonic: Monotonic
    stuck_after_s: float
    live: bool = False
    answer_s: float = ANSWER_S
    _opened: list[tuple[Thread, float]] = field(default_factory=list)

    def open(self) -> Camera:
        """One more, unless too many are stuck.

        Raises:
            CameraLost: Earlier calls have not returned yet; they may, once a server is back.
            CameraStuck: They have not for so long that only the end of this process frees them.
        """
        self._opened = [(thread, since) for thread, since in self._opened if thread.is_alive()]
        if len(self._opened) >= MOST_LEFT_BEHIND:
            raise self._too_many()
        camera = AttendedCamera(self.open_camera, self.answer_s, self.live)
        self._opened.append((camera.thread, self.monotonic()))
        return camera

    def _too_many(self) -> LineError:
        since = max(opened_at for _, opened_at in self._opened)
        told = f"{len(self._opened)} calls have not returned"
        return CameraStuck(told) if self.monotonic() - since >= self.stuck_after_s else CameraLost(told)
