"""What the line asks of a camera, whatever its kind."""

from dataclasses import dataclass
from typing import Protocol

from core.errors import LineError


class CameraSilent(LineError):
    """The camera gave no picture this time: check cable, address or folder; it is asked again at the next part."""


class CameraLost(CameraSilent):
    """The source has gone away: check cable, address, folder or server; it is opened again with growing pauses."""


class CameraStuck(LineError):
    """Calls to the source do not return: restart the device or its server; this process ends to be started afresh."""


class CameraEnded(LineError):
    """The source has no more pictures: a recording was played to its end."""


@dataclass(frozen=True, slots=True)
class Capture:
    """One picture as the camera encoded it.

    `part_id` and `lot` are empty where nobody told the camera; `defect` is the truth where the camera knows it
    (a simulated one does), else None.
    """

    content: bytes
    part_id: str = ""
    lot: str = ""
    defect: bool | None = None


@dataclass(frozen=True, slots=True)
class Oversized:
    """A picture larger than the line carries, measured without being held in memory."""

    size: int
    sha256: str
    part_id: str = ""
    lot: str = ""
    defect: bool | None = None


Taken = Capture | Oversized


class Camera(Protocol):
    """A source of pictures. One thread owns it."""

    def grab(self) -> Taken:
        """Take one picture now.

        Raises:
            CameraSilent: No picture this time; asking again later is safe.
            CameraLost: Nor will there be one until the source is opened again.
            CameraEnded: There will be no further picture.
        """
        ...

    def close(self) -> None:
        """Let go of the source. Safe to call twice."""
        ...
