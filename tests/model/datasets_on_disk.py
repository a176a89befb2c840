"""Small products on disk in the layouts of MVTec AD and BTAD: light discs, some with a dark bar."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tests.model.pictures import SIDE, part


@dataclass(frozen=True, slots=True)
class Layout:
    """What a dataset calls its folders and files."""

    good: str
    defect: str
    image: str
    mask: str


MVTEC = Layout("good", "scratch", ".png", "_mask.png")
BTAD = Layout("ok", "ko", ".bmp", ".png")
BTAD_BITMAPS = Layout("ok", "ko", ".bmp", ".bmp")


def write_product(root: Path, layout: Layout = MVTEC, training: int = 8, masks: bool = True) -> Path:
    """`training` good parts to learn from; two good and two defective ones to be tested on."""
    for seed in range(training):
        write(root / "train" / layout.good / f"{seed:03}{layout.image}", part(seed))
    for number in range(2):
        write(root / "test" / layout.good / f"{number:03}{layout.image}", part(100 + number))
        mask = np.zeros((SIDE, SIDE), np.uint8)
        mask[26:38, 20 + 4 * number : 44] = 255
        scratched = part(200 + number)
        scratched[mask > 0] = 10
        write(root / "test" / layout.defect / f"{number:03}{layout.image}", scratched)
        if masks:
            write(root / "ground_truth" / layout.defect / f"{number:03}{layout.mask}", mask)
    return root


def write(path: Path, pixels: np.ndarray) -> None:
    """A picture file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)
