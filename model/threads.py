"""How many threads serve best right now: on cores that others use too, one is often several times faster than all.

Torch's threads wait for each other many times per step; one that has lost its core stops the rest.
"""

import torch
from torch.nn.functional import conv2d

from model.pace import Seconds

PROBES = 2
WORTH_IT = 0.8
"""All threads are taken only if they need less than this share of one thread's time: a busy core is soon busier."""


def fastest_thread_count(clock: Seconds) -> int:
    """1, or all that torch would take, whichever finishes a small convolution network's step sooner."""
    most = torch.get_num_threads()
    if most == 1:
        return 1
    alone, together = (probe_seconds(count, clock) for count in (1, most))
    return most if together < WORTH_IT * alone else 1


def probe_seconds(count: int, clock: Seconds) -> float:
    """Seconds that this many threads need for a few convolutions; the thread count is left at `count`."""
    torch.set_num_threads(count)
    values, kernel = torch.zeros(8, 32, 32, 32), torch.zeros(32, 32, 3, 3, requires_grad=True)
    conv2d(values, kernel).sum().backward()  # type: ignore[no-untyped-call]
    began = clock()
    for _ in range(PROBES):
        for _ in range(8):
            conv2d(values, kernel).relu().sum().backward()  # type: ignore[no-untyped-call]
    return clock() - began
