"""`python -m tests.line.deadly_worker`: a worker whose detector kills its process over a white picture."""

import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from core.adapters import wiring
from core.frame import Image
from core.settings import LineSettings
from core.verdict import ScoreMap
from worker.__main__ import _bench
from worker.brightness.detector import BrightnessDetector
from worker.counts import Counts
from worker.loop import run
from worker.model_slot import ModelSlot, in_background
from worker.settings import WorkerSettings

IDLE_S = 12.0
"""Longer than a killed worker's partitions take to come to the next."""


class DeadlyDetector(BrightnessDetector):
    """As a driver that crashes, or a kernel that is out of memory: nothing in the process can handle it."""

    def score(self, images: Sequence[Image]) -> list[ScoreMap]:
        """Or not."""
        if any(image.pixels.min() == 255 for image in images):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().score(images)


def main() -> None:
    """Work until nothing has come for a while."""
    line = LineSettings()
    ledger = wiring.open_ledger(line, "deadly worker")
    consumer = wiring.open_consumer(line, ledger, f"deadly-{os.getpid()}")
    bench = _bench("deadly", WorkerSettings(), line, ledger, consumer, threading.Event())
    slot = ModelSlot(ledger, lambda model: DeadlyDetector(), monotonic, in_background)
    try:
        run(replace(bench, slot=slot), Counts(), lambda idle_s: idle_s > IDLE_S)
    finally:
        consumer.close()
        ledger.close()


if __name__ == "__main__":
    main()
