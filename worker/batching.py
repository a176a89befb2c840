"""A poll is not a batch: frames are collected across polls, up to a number, a size or a time."""

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import BusUnavailable
from core.ports import FrameConsumer
from core.wire import Delivery


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """When a batch is full. `wait_s` counts from its first frame; `idle_s` is how long to wait for that one."""

    frames: int
    wait_s: float
    idle_s: float
    content_bytes: int = 32 * 1024 * 1024

    def __post_init__(self) -> None:
        if self.frames < 1 or self.wait_s < 0 or self.idle_s < 0:
            raise ValueError(f"a batch needs at least one frame and no negative time, got {self}")


def collect(consumer: FrameConsumer, limits: BatchLimits, monotonic: Callable[[], float]) -> list[Delivery]:
    """The next batch, in order per partition; empty where nothing came.

    Raises:
        BusUnavailable: Nothing could be read. What was read before the bus went away is returned instead.
    """
    taken = consumer.poll(limits.frames, limits.idle_s)
    until = monotonic() + limits.wait_s
    while taken and not _is_full(taken, limits) and (left_s := until - monotonic()) > 0:
        try:
            taken += consumer.poll(limits.frames - len(taken), left_s)
        except BusUnavailable:
            return taken
    return taken


def _is_full(taken: list[Delivery], limits: BatchLimits) -> bool:
    return len(taken) >= limits.frames or sum(len(one.record.value) for one in taken) >= limits.content_bytes
