"""From a picture to a frame: whose, which, when. Pure."""

from dataclasses import dataclass
from datetime import datetime

from core.frame import (
    CAMERA_NAME,
    PRODUCT_NAME,
    START_ID,
    DroppedFrame,
    Frame,
    FrameHeader,
    FrameId,
    check_match,
    sha256_of,
)
from core.wire import FRAME_LIMIT
from ingest.cameras import Capture, Taken

TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which camera looks at which product, in which start of its process."""

    camera: str
    product: str
    start_id: str

    def __post_init__(self) -> None:
        check_match("camera", CAMERA_NAME, self.camera)
        check_match("product", PRODUCT_NAME, self.product)
        check_match("start_id", START_ID, self.start_id)


def stamp(identity: Identity, sequence: int, captured_at: datetime, taken: Taken) -> Frame | DroppedFrame:
    """The frame, or its announcement as dropped where it is larger than the line carries."""
    if isinstance(taken, Capture):
        size, sha256 = len(taken.content), sha256_of(taken.content)
    else:
        size, sha256 = taken.size, taken.sha256
    frame_id = FrameId(identity.camera, identity.start_id, sequence)
    header = FrameHeader(frame_id, captured_at, identity.product, taken.part_id, taken.lot, sha256, size)
    if isinstance(taken, Capture) and size <= FRAME_LIMIT:
        return Frame(header, taken.content)
    return DroppedFrame(header, f"{TOO_LARGE}: {size} bytes, the line carries {FRAME_LIMIT}")
