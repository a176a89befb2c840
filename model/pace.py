"""How far a stage of training is: by steps, by time, whichever is further. The clock is passed in."""

import math
from collections.abc import Callable
from dataclasses import dataclass

Seconds = Callable[[], float]
"""A monotonic clock in seconds."""

WARM_UP = 0.05
LAST_RATE = 0.01


@dataclass(frozen=True, slots=True)
class Progress:
    """What training says of itself: its stage, the share of the whole in 0..1, the newest loss, the stage's passes.

    `passes` counts how often the stage has seen the whole training set so far, in images or in feature vectors.
    """

    stage: str
    share: float
    loss: float
    passes: float = 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """One stage's budget: at most `steps`, and at most `seconds` from `began` on (infinite: no time budget)."""

    steps: int
    seconds: float
    began: float
    clock: Seconds

    def share(self, step: int) -> float:
        """Share of the budget that is spent before this step, 1 when it is over."""
        by_time = (self.clock() - self.began) / self.seconds if math.isfinite(self.seconds) else 0.0
        return min(1.0, max(step / self.steps, by_time))


def learning_rate(share: float) -> float:
    """Factor of the peak rate: a short rise, then half a cosine down to a hundredth."""
    if share < WARM_UP:
        return max(0.02, share / WARM_UP)
    falling = (share - WARM_UP) / (1 - WARM_UP)
    return LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * falling)) / 2
