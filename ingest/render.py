"""`python -m ingest.render`: rendered parts as PNG files, to train on or to look at."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from core.errors import LineError, SettingRefused
from ingest.part_shapes import Style
from ingest.simulated import Simulation, encoded, part_on_line


def render(out: Path, parts: int, seed: int, simulation: Simulation) -> tuple[int, int]:
    """Write so many parts into `good/` and, where there are any, `defect/`; returns how many of each.

    Raises:
        SettingRefused: The folder cannot be written.
    """
    written = {"good": 0, "defect": 0}
    try:
        for number in range(parts):
            part = part_on_line(simulation, seed, number)
            kind = "defect" if part.defect else "good"
            path = out / kind / f"{simulation.style}-{seed:04d}-{number:06d}{_ending(part.kind)}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encoded(part))
            written[kind] += 1
    except OSError as error:
        raise SettingRefused(f"--out {out}: {error.strerror}; name a folder that can be written") from error
    return written["good"], written["defect"]


def main(arguments: Sequence[str]) -> int:
    """Render what the command line asks for."""
    options = argparse.ArgumentParser("python -m ingest.render", description="Render machined parts as PNG files.")
    options.add_argument("--out", required=True, type=Path, help="folder for good/ and defect/")
    options.add_argument("--parts", required=True, type=int, help="how many parts")
    options.add_argument("--seed", type=int, default=0, help="the same seed renders the same parts")
    options.add_argument("--style", choices=[style.value for style in Style], default=Style.DISC.value)
    options.add_argument("--defects", type=float, default=0.0, help="share of defective parts, 0 to 1")
    options.add_argument("--size", type=int, default=256, help="side of the picture in pixels")
    told = options.parse_args(arguments)
    try:
        simulation = Simulation(Style(told.style), told.defects, told.size)
        good, defective = render(told.out, told.parts, told.seed, simulation)
    except (LineError, ValueError) as error:
        sys.stderr.write(f"ingest.render: {error}\n")
        return 1
    sys.stdout.write(f"{good} good and {defective} defective parts in {told.out}\n")
    return 0


def _ending(kind: str) -> str:
    return "" if kind == "good" else f"-{kind.replace(' ', '-')}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
