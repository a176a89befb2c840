"""What `python -m ingest` can be told, checked before anything is opened."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import NoReturn

from core.camera import ConfiguredCamera, DropPolicy, masked
from core.errors import SettingRefused
from core.frame import CAMERA_NAME, PRODUCT_NAME, check_match
from ingest.sources import FORMS


@dataclass(frozen=True, slots=True)
class Arguments:
    """How one camera runs. `seed` None leaves a folder in the order of its names.

    `patient`: what its source names may be missing at the start, as nobody sits at a terminal who could correct it.
    """

    camera: str
    product: str
    source: str = field(repr=False)  # it may hold a password
    rate: float
    policy: DropPolicy
    journal: Path | None
    frames: int | None
    seed: int | None
    patient: bool = False

    def __post_init__(self) -> None:
        check_match("--camera", CAMERA_NAME, self.camera)
        check_match("--product", PRODUCT_NAME, self.product)
        if not (isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"--rate must be a positive number of frames per second, got {self.rate}")
        if self.frames is not None and self.frames < 1:
            raise ValueError(f"--frames must be at least 1, got {self.frames}; leave it out for no end")


@dataclass(frozen=True, slots=True)
class FromDatabase:
    """Run every camera that has a row; each keeps a journal of its own in the folder `journals`, if there is one."""

    journals: Path | None


@dataclass(frozen=True, slots=True)
class FromStdin:
    """Run the camera that the parent sends."""

    journal: Path | None


class MaskingParser(argparse.ArgumentParser):
    """Repeats what it does not understand, as every parser does, but without passwords."""

    def error(self, message: str) -> NoReturn:
        """Usage, the message, exit code 2."""
        super().error(masked(message))


def parse_any(arguments: Sequence[str]) -> Arguments | FromDatabase | FromStdin:
    """Which of the three ways to run it is; raises as `parse` does."""
    if "--from-database" in arguments:
        options = MaskingParser("python -m ingest --from-database", description="Run every camera that has a row.")
        options.add_argument("--from-database", action="store_true", required=True)
        options.add_argument("--journals", type=Path, help="a folder; every camera keeps its journal there")
        return FromDatabase(options.parse_args(arguments).journals)
    if "--from-stdin" in arguments:
        options = MaskingParser("python -m ingest --from-stdin", description="For --from-database: one of its cameras.")
        options.add_argument("--from-stdin", action="store_true", required=True)
        options.add_argument("--journal", type=Path)
        return FromStdin(options.parse_args(arguments).journal)
    return parse(arguments)


def of_row(camera: ConfiguredCamera, journal: Path | None) -> Arguments:
    """How a camera runs that has a row."""
    return Arguments(
        camera=camera.name,
        product=camera.product,
        source=camera.source,
        rate=camera.rate,
        policy=camera.policy,
        journal=journal,
        frames=None,
        seed=None,
        patient=True,
    )


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
    options = MaskingParser(
        "python -m ingest",
        description="Put one camera's frames on the bus.",
        epilog="Or: `python -m ingest --from-database` runs every camera that has a row, and follows changes of them; "
        "`python -m ingest camera --help` lists, adds and changes them.",
    )
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
