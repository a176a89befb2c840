"""What `python -m ingest` can be told, checked before anything is opened."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from core.errors import SettingRefused
from core.frame import CAMERA_NAME, PRODUCT_NAME, check_match
from ingest.sources import FORMS
from ingest.waiting_room import DropPolicy


@dataclass(frozen=True, slots=True)
class Arguments:
    """One camera's command line. `seed` None leaves a folder in the order of its names."""

    camera: str
    product: str
    source: str
    rate: float
    policy: DropPolicy
    journal: Path | None
    frames: int | None
    seed: int | None

    def __post_init__(self) -> None:
        check_match("--camera", CAMERA_NAME, self.camera)
        check_match("--product", PRODUCT_NAME, self.product)
        if not (isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"--rate must be a positive number of frames per second, got {self.rate}")
        if self.frames is not None and self.frames < 1:
            raise ValueError(f"--frames must be at least 1, got {self.frames}; leave it out for no end")


def parse(arguments: Sequence[str]) -> Arguments:
    """The checked command line.

    Raises:
        SettingRefused: A value that cannot be used; the message names it and what would do.
    """
    told = vars(parser().parse_args(arguments))
    try:
        return Arguments(**told | {"policy": DropPolicy(told["policy"])})
    except ValueError as error:
        raise SettingRefused(str(error)) from error


def parser() -> argparse.ArgumentParser:
    """The options and their help."""
    options = argparse.ArgumentParser("python -m ingest", description="Put one camera's frames on the bus.")
    options.add_argument("--camera", required=True, help="the camera's name, e.g. line1-top")
    options.add_argument("--product", required=True, help="what passes it, e.g. ballscrew")
    options.add_argument("--source", required=True, help=FORMS.replace("%", "%%"))
    options.add_argument("--rate", required=True, type=float, help="frames per second")
    options.add_argument(
        "--policy",
        choices=[policy.value for policy in DropPolicy],
        default=DropPolicy.BLOCK.value,
        help="when the bus is slower than the line: wait, or give up the oldest or newest waiting frame",
    )
    options.add_argument("--journal", type=Path, help="a file of JSON lines: every captured and acknowledged frame")
    options.add_argument("--frames", type=int, help="end after so many frames; no end without it")
    options.add_argument("--seed", type=int, help="shuffle a folder, or choose the simulated parts")
    return options
