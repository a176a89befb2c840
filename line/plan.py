"""What a demo is made of: cameras, product, training, bus. Pure: arguments in, commands out."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

TRAINING_PARTS = 160
TRAINING_MINUTES = 2.4
FALSE_REJECT_BUDGET = 0.02
REVIEW_BUDGET = 0.06
"""Wider than the line's defaults (1 in 500, 1 in 50): two dozen calibration parts cannot prove those, and the margin
that stands in for the proof lets every seventh rendered defect through."""
RENDERED_RATE = 2.0
FOLDER_RATE = 1.0


@dataclass(frozen=True, slots=True)
class DemoCamera:
    """One camera of the demo and the seed that makes it different from the others."""

    name: str
    source: str
    rate: float
    seed: int


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """One run of the demo. `for_s` is infinite where it runs until Ctrl-C; `images` is None for rendered parts."""

    home: Path
    bus: str
    for_s: float
    product: str
    images: Path | None
    weights: str
    cameras: tuple[DemoCamera, ...]

    @property
    def good_images(self) -> Path:
        """What the bundle is trained on."""
        return self.images if self.images is not None else self.home / "rendered" / "good"

    @property
    def bundle(self) -> Path:
        """Where the trained bundle lies; a second demo on the same images finds it there."""
        return self.home / "bundles" / self.product


def rendered_plan(home: Path, bus: str, for_s: float) -> DemoPlan:
    """Two cameras over one kind of rendered part, each seeing other parts."""
    cameras = tuple(
        DemoCamera(name, "simulated:disc", RENDERED_RATE, seed)
        for name, seed in (("line1-top", 101), ("line2-top", 202))
    )
    return DemoPlan(home, bus, for_s, "disc", None, "random", cameras)


def folder_plan(home: Path, bus: str, for_s: float, images: Path, weights: str) -> DemoPlan:
    """Two cameras that replay the user's own good images, shuffled each in its own order."""
    cameras = tuple(
        DemoCamera(name, f"folder:{images}", FOLDER_RATE, seed) for name, seed in (("line1-top", 1), ("line2-top", 2))
    )
    return DemoPlan(home, bus, for_s, product_name(images), images, weights, cameras)


def product_name(images: Path) -> str:
    """A product's name from the folder's: `.../ballscrew/train/good` is `ballscrew`, small letters and dashes only."""
    telling = [part for part in images.absolute().parts if part not in ("train", "good", "images", "/")]
    name = re.sub(r"[^a-z0-9._-]+", "-", (telling or ["part"])[-1].lower()).strip("-._")[:40]
    return name or "part"


def render_arguments(plan: DemoPlan) -> list[str]:
    """`python -m ingest.render ...`: the good parts to learn from."""
    return ["--out", str(plan.home / "rendered"), "--parts", str(TRAINING_PARTS), "--seed", "1"]


def training_arguments(plan: DemoPlan, progress: Path) -> list[str]:
    """`python -m model train ...`: small and quick, for a demo."""
    return [
        "train",
        *("--images", str(plan.good_images)),
        *("--out", str(plan.bundle)),
        *("--encoder", "test_resnet" if plan.weights == "random" else "mobilenetv2_100"),
        *("--weights", plan.weights),
        *("--input-size", "128x128"),
        *("--minutes", str(TRAINING_MINUTES)),
        *("--threads", str(spare_threads())),
        *("--budget", str(FALSE_REJECT_BUDGET)),
        *("--review-budget", str(REVIEW_BUDGET)),
        *("--engine", "torch-cpu-float32"),
        *("--progress", str(progress)),
    ]


def camera_arguments(plan: DemoPlan, camera: DemoCamera) -> list[str]:
    """`python -m ingest ...`: one camera with its journal."""
    return [
        *("--camera", camera.name),
        *("--product", plan.product),
        *("--source", camera.source),
        *("--rate", str(camera.rate)),
        *("--seed", str(camera.seed)),
        *("--journal", str(journal_path(plan, camera))),
    ]


def station_environment(plan: DemoPlan) -> dict[str, str]:
    """What the demo's stations share a small machine by: one core stays free of matrix products."""
    return {"WORKER_CACHE": str(plan.home / "cache"), "OMP_NUM_THREADS": str(spare_threads())}


def spare_threads() -> int:
    """All cores but one: two threads that must share theirs with others spin, and are four times slower than one."""
    return max(1, (os.cpu_count() or 2) - 1)


def journal_path(plan: DemoPlan, camera: DemoCamera) -> Path:
    """The camera's own diary, outside Postgres."""
    return plan.home / "journal" / f"{camera.name}.jsonl"
