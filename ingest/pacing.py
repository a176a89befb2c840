"""The line's rhythm. A line does not stop: a part that passed while the camera was busy is not photographed later."""

from collections.abc import Callable
from math import floor, isfinite

Monotonic = Callable[[], float]


def following_tick(due: float, period: float, now: float) -> tuple[float, int]:
    """When the next part comes, and how many passed unseen, once the part due at `due` was handled at `now`.

    The ticks lie on one grid: late by less than a period, the next picture is taken on time again (no drift);
    late by more, the ticks in between are skipped (no burst of pictures of parts that have long passed).
    """
    skipped = max(0, floor((now - due) / period))
    return due + (skipped + 1) * period, skipped


class Pace:
    """Ticks at a rate in frames/s on a monotonic clock, starting at once."""

    def __init__(self, rate: float, monotonic: Monotonic) -> None:
        if not (isfinite(rate) and rate > 0):
            raise ValueError(f"rate must be a positive number of frames per second, got {rate}")
        self._period = 1 / rate
        self._monotonic = monotonic
        self._due = monotonic()

    def remaining_s(self) -> float:
        """Seconds until the next part; zero where it is already there."""
        return max(0.0, self._due - self._monotonic())

    def advance(self) -> int:
        """Move on to the next part that has not passed yet; returns how many passed unseen."""
        self._due, skipped = following_tick(self._due, self._period, self._monotonic())
        return skipped
