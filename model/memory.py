"""Memory that a stage leaves behind goes back to the system."""

import ctypes


def give_back() -> None:
    """Free what the C library keeps for later between blocks in use: gigabytes after stage 1.

    Only glibc has such a call: elsewhere this does nothing.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
