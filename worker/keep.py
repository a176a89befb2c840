"""What is worth keeping of a frame, under which name, and in which form.

Names are made of what never changes (day, camera, start, sequence, hash), so that a frame judged again after a
crash overwrites its own files, and a forged frame with the same number never overwrites the real one's.
"""

import hashlib
import io

import numpy as np

from core.frame import FrameHeader, FrameId, sha256_of
from core.inspection import Arrival
from core.verdict import Decision, ScoreMap

SUFFIXES = (
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"BM", "bmp"),
    (b"II*\x00", "tif"),
    (b"MM\x00*", "tif"),
    (b"RIFF", "webp"),
)
HASH_LETTERS = 16


def is_kept(decision: Decision, frame: FrameId, ok_share: float) -> bool:
    """All that is not OK, and a share of what is: drawn from the frame's name, so alike whenever it is judged."""
    drawn = int.from_bytes(hashlib.sha256(str(frame).encode()).digest()[:8], "big") / 2**64
    return decision is not Decision.OK or drawn < ok_share


def frame_name(header: FrameHeader, content: bytes) -> str:
    """Where a frame is kept, as the camera encoded it."""
    return f"frames/{_place(header)}.{_suffix(content)}"


def maps_name(header: FrameHeader, model_version_id: int) -> str:
    """Where its maps are kept: another model's are other maps."""
    return f"maps/{_place(header)}-m{model_version_id}.npz"


def quarantine_name(header: FrameHeader, content: bytes) -> str:
    """Where a frame that cannot be judged waits for somebody to look at it."""
    return f"quarantine/{_place(header)}-{sha256_of(content)[:HASH_LETTERS]}.{_suffix(content)}"


def untrusted_name(arrival: Arrival) -> str:
    """Where the bytes of an untrusted record wait; nothing it claims is part of the name."""
    position = arrival.position
    day = f"{arrival.arrived_at:%Y-%m-%d}"
    return f"quarantine/{day}/untrusted/{position.topic}/{position.partition}-{position.offset}.bin"


def to_npz(score_map: ScoreMap) -> bytes:
    """A_p (`classified`), A_nf (`density`) and the pooled `features` in one .npz without pickles."""
    target = io.BytesIO()
    np.savez(
        target,
        allow_pickle=False,
        classified=score_map.classified,
        density=score_map.density,
        features=score_map.features,
    )
    return target.getvalue()


def _place(header: FrameHeader) -> str:
    frame = header.id
    day = f"{header.captured_at:%Y-%m-%d}"
    return f"{day}/{frame.camera}/{frame.start_id}/{frame.sequence:09d}-{header.sha256[:HASH_LETTERS]}"


def _suffix(content: bytes) -> str:
    return next((suffix for magic, suffix in SUFFIXES if content.startswith(magic)), "bin")
