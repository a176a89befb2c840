"""Memory that training takes: `python -m tests.benchmarks.training_memory` (5 000 pictures, hours on two cores).

Drawn pictures and random weights: neither the number of bytes nor their place depends on what is in them. `train` runs
in a process of its own, one pass per stage, and the system tells what it took at most. The last line is JSON; the exit
status is 1 where that was more than the limit.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[2]
SIDE = 256
LIMIT_GIB = 12.0
KIB_PER_GIB = 2**20
WATCH = """
import resource, subprocess, sys
status = subprocess.call([sys.executable, *sys.argv[1:]], stdout=sys.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""
"""A small program between: the system counts what a parent has when it begins a child as the child's."""


class TrainingFailed(Exception):
    """`train` ended with an error; what it said stands above."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process took: memory at most, pages of mapped files among it, and time."""

    peak_gib: float
    seconds: float


def main() -> int:
    """Draw, train, tell."""
    arguments = parser().parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "good"
        draw(pictures, arguments.images)
        used = usage_of(training(pictures, Path(folder) / "bundle", arguments))
    fits = used.peak_gib <= LIMIT_GIB
    asked = {name: getattr(arguments, name) for name in ("encoder", "images", "passes", "threads")}
    found = {"peak_gib": round(used.peak_gib, 2), "limit_gib": LIMIT_GIB, "fits": fits, "seconds": round(used.seconds)}
    print(json.dumps(asked | found))
    return 0 if fits else 1


def draw(folder: Path, count: int) -> None:
    """So many different pictures of the network's size: a disc on dark ground, and noise."""
    folder.mkdir()
    for number in range(count):
        generator = np.random.default_rng(number)
        picture = generator.integers(30, 50, (SIDE, SIDE, 3), np.uint8)
        right, down = (int(place) for place in generator.integers(SIDE * 3 // 8, SIDE * 5 // 8, 2))
        cv2.circle(picture, (right, down), SIDE // 4, (170, 160, 150), cv2.FILLED)
        cv2.imwrite(str(folder / f"{number:05}.jpg"), picture)


def training(pictures: Path, bundle: Path, asked: argparse.Namespace) -> tuple[str, ...]:
    """The words of `train`. On the CPU, by the reference engine: compiling is another process's work."""
    places = ("--images", str(pictures), "--out", str(bundle))
    length = ("--passes", str(asked.passes), "--flow-passes", str(asked.passes), "--threads", str(asked.threads))
    network = ("--encoder", asked.encoder, "--weights", "random", "--device", "cpu", "--engine", "torch-cpu-float32")
    return ("-m", "model", "train", *places, *length, *network)


def usage_of(words: Sequence[str]) -> Usage:
    """Run a Python program to its end.

    Raises:
        TrainingFailed: It did not end well.
    """
    began = time.monotonic()
    watched = [sys.executable, "-c", WATCH, *words]
    done = subprocess.run(watched, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise TrainingFailed(f"{' '.join(words[:3])}: exit status {done.returncode}")
    return Usage(int(done.stdout) / KIB_PER_GIB, time.monotonic() - began)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    words = argparse.ArgumentParser(prog="python -m tests.benchmarks.training_memory", description=__doc__)
    words.add_argument("--images", type=int, default=5000)
    words.add_argument("--passes", type=float, default=1.0, help="per stage; fewer take as much memory in less time")
    words.add_argument("--encoder", default="wide_resnet50_2")
    words.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return words


if __name__ == "__main__":
    sys.exit(main())
