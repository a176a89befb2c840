"""A camera's health: pure functions from what its run counts and holds to metrics and reasons."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from core.health import Measured, Pulse, counters, gauges, stuck
from ingest.counters import Counts
from ingest.stamping import Identity

PARTS_UNSEEN = 3.0
"""Parts that may pass without a round of the loop: at a slow rate these take longer than any fixed limit."""

MEANINGS = {
    "captured": "Frames captured.",
    "acknowledged": "Frames that the bus holds.",
    "dropped": "Frames given up; each becomes an ERROR row.",
    "announced": "Dropped frames that the bus knows of.",
    "missed": "Times the camera gave nothing.",
    "skipped": "Parts that passed while the camera was busy.",
    "failed_sends": "Frames that had to be sent again.",
}


@dataclass(frozen=True, slots=True)
class CameraState:
    """What a camera's run knows of itself at one moment.

    `rounds` beats with the loop, `pictures` with every frame; `waiting` frames of `waiting_bytes` have not been handed
    to the bus, `in_flight_bytes` have not been acknowledged; `seen` and `taken` say whether the camera gives pictures
    and the bus takes frames.
    """

    identity: Identity
    counts: Counts
    waiting: int
    waiting_bytes: int
    in_flight_bytes: int
    rounds: Pulse
    pictures: Pulse
    seen: bool
    taken: bool


def camera_metrics(state: CameraState) -> Sequence[Measured]:
    """All that is measured."""
    labels, names = (state.identity.camera, state.identity.product), ("camera", "product")
    told = {
        "age_seconds": ("Seconds since the last picture.", state.pictures.age_s),
        "waiting_frames": ("Frames that wait for the bus.", state.waiting),
        "waiting_bytes": ("Bytes that wait for the bus.", state.waiting_bytes),
        "in_flight_bytes": ("Bytes that the bus has not acknowledged yet.", state.in_flight_bytes),
        "seen": ("Whether the camera gives pictures.", state.seen),
        "taken": ("Whether the bus takes frames.", state.taken),
    }
    return [
        *(
            counters(f"line_camera_{name}_total", MEANINGS[name], {labels: count}, *names)
            for name, count in asdict(state.counts).items()
        ),
        *(gauges(f"line_camera_{name}", meaning, {labels: value}, *names) for name, (meaning, value) in told.items()),
    ]


def reasons_to_restart(state: CameraState, stuck_after_s: float, rate: float) -> list[str]:
    """A source or a driver that hangs. A camera that waits because the bus is full is not stuck."""
    return [] if state.waiting else stuck(state.rounds, max(stuck_after_s, PARTS_UNSEEN / rate))


def reasons_to_wait(state: CameraState) -> list[str]:
    """Why parts pass unseen or wait at this moment."""
    name = state.identity.camera
    if not state.pictures.has_begun:
        return [f"{name} has not given a picture yet"]
    reasons = [] if state.seen else [f"{name} has given no picture for {state.pictures.age_s:.0f} s"]
    return reasons if state.taken else [*reasons, f"the bus takes no frames: {state.waiting} wait"]
