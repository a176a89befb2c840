"""SimulatedCamera: a line of rendered parts, good and defective; it knows the truth about each."""

from dataclasses import dataclass
from random import Random

import cv2

from ingest.cameras import Capture
from ingest.part_shapes import Style
from ingest.rendering import RenderedPart, render_part
from ingest.video import to_png

PARTS_PER_LOT = 100


@dataclass(frozen=True, slots=True)
class Simulation:
    """What passes the camera: `defects` is the share (0..1) of defective parts, `size` the side in pixels."""

    style: Style = Style.DISC
    defects: float = 0.1
    size: int = 256

    def __post_init__(self) -> None:
        if not 0 <= self.defects <= 1:
            raise ValueError(f"defects must be a share in 0..1, got {self.defects}")
        if not 64 <= self.size <= 2048:
            raise ValueError(f"size must be in 64..2048 pixels, got {self.size}")


def part_on_line(simulation: Simulation, seed: int, number: int) -> RenderedPart:
    """The part that passes as the given number: the same seed, the same line."""
    dice = Random(f"{simulation.style}/{seed}/{number}")  # noqa: S311 - parts, not secrets
    defect = dice.random() < simulation.defects
    return render_part(dice.getrandbits(63), defect, simulation.style, simulation.size)


def encoded(part: RenderedPart) -> bytes:
    """The part's picture as PNG."""
    return to_png(cv2.cvtColor(part.pixels, cv2.COLOR_RGB2BGR).astype("uint8", copy=False))


class SimulatedCamera:
    """Renders each part when it passes."""

    def __init__(self, simulation: Simulation, seed: int) -> None:
        self._simulation = simulation
        self._seed = seed
        self._number = 0

    def grab(self) -> Capture:
        """The next part, with its id, its lot and whether it is defective."""
        number = self._number
        self._number += 1
        part = part_on_line(self._simulation, self._seed, number)
        lot = f"L{self._seed % 1000:03d}-{number // PARTS_PER_LOT:03d}"
        return Capture(encoded(part), f"{self._simulation.style}-{number:06d}", lot, part.defect)

    def close(self) -> None:
        """Nothing is held open."""
