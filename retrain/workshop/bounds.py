"""A job takes only what nobody else wants: idle processor time, few threads, so much memory."""

import os
import resource
from contextlib import suppress

import torch

from retrain.workshop.jobs import Bounds

GIB = 2**30


def keep_within(bounds: Bounds) -> None:
    """For the whole process, before anything is loaded.

    On Linux the processor is given only while nobody of ordinary priority wants it: a part on the line never waits for
    training. Memory beyond the bound is refused, and the job ends with MemoryError instead of taking the line's.
    """
    if bounds.idle:
        _step_back()
    torch.set_num_threads(bounds.threads)
    if bounds.memory_gib and bounds.device == "cpu":
        limit = int(bounds.memory_gib * GIB)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    elif bounds.memory_gib and torch.cuda.is_available():
        of_all = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, bounds.memory_gib * GIB / of_all))


def _step_back() -> None:
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):
        os.nice(19)
