"""A job takes only what nobody else wants: idle processor time, few threads, so much memory."""

import ctypes
import os
import resource
import signal
from contextlib import suppress

from model.again.limits import limit_torch
from retrain.workshop.jobs import Bounds

GIB = 2**30
PR_SET_PDEATHSIG = 1
"""Of Linux's prctl: which signal comes when the parent is gone."""


def keep_within(bounds: Bounds) -> None:
    """For the whole process, before anything is loaded.

    On Linux the processor is given only while nobody of ordinary priority wants it: a part on the line never waits for
    training. Memory beyond the bound is refused, and the job ends with MemoryError instead of taking the line's.
    """
    if bounds.idle:
        _step_back()
    limit_torch(bounds.threads, bounds.memory_gib, bounds.device)
    if bounds.memory_gib and bounds.device == "cpu":
        limit = int(bounds.memory_gib * GIB)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def end_with(parent: int) -> None:
    """End with the station, also where that was killed: nobody would hold this process, or end it, any more.

    Whoever takes its night over begins anew in the same folder.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # gone before it could be asked for
        os.kill(os.getpid(), signal.SIGKILL)


def _step_back() -> None:
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):
        os.nice(19)
