"""The models of a drill: brightness with ever other thresholds, or two small networks trained in seconds."""

from pathlib import Path

from core.adapters import wiring
from core.verdict import Threshold
from line.drill.place import PICTURES, PRODUCT, DrillLine
from line.drill.scenario import Judge
from model.bundle import bundle_sha256
from worker.brightness.__main__ import commission

BUNDLES = 2
REVIEW_FROM, REJECT_FROM = 0.6, 0.8
ANOTHER = 0.001
"""What a further brightness model's threshold differs by: enough to be another bundle."""


def prepare(line: DrillLine, judge: Judge) -> None:
    """Have a first model of this kind judge."""
    if judge is Judge.BUNDLE:
        good = draw_good(line)
        for number in range(BUNDLES):
            line.run("model", *training(good, bundle(line, number), seed=number + 1))
        promote(line, judge, 0)


def promote(line: DrillLine, judge: Judge, number: int) -> str:
    """Promote the model of this number and return its bundle's sha256."""
    if judge is Judge.BRIGHTNESS:
        threshold = Threshold(REVIEW_FROM, REJECT_FROM + ANOTHER * number)
        return commission(PRODUCT, threshold, line.ledger, wiring.open_artifacts(line.settings)).bundle.sha256
    folder = bundle(line, number % BUNDLES)
    line.run("retrain", "promote", "--product", PRODUCT, "--bundle", str(folder))
    return bundle_sha256(folder)


def bundle(line: DrillLine, number: int) -> Path:
    """Where the trained bundle of this number lies."""
    return line.home / "trained" / str(number)


def draw_good(line: DrillLine) -> Path:
    """The pictures without a spot, to learn from."""
    folder = line.home / "good"
    folder.mkdir()
    for number in range(PICTURES):
        if number % 6:
            name = f"{number:03d}.png"
            (folder / name).write_bytes((line.pictures / name).read_bytes())
    return folder


def training(good: Path, out: Path, seed: int) -> list[str]:
    """`python -m model train ...`: a real bundle in seconds. Nobody asks whether it finds anything."""
    return [
        "train",
        *("--images", str(good), "--out", str(out), "--seed", str(seed)),
        *("--encoder", "mobilenetv2_100", "--weights", "random", "--input-size", "64x64"),
        *("--minutes", "0.03", "--threads", "1", "--engine", "torch-cpu-float32"),
    ]
