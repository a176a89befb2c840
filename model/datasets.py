"""One product's images in the layout of MVTec AD or of BTAD, told apart by what the folder of good parts is called.

MVTec AD: `train/good`, `test/good`, `test/<kind>`, `ground_truth/<kind>/<stem>_mask.png`.
BTAD: `train/ok`, `test/ok`, `test/ko`, `ground_truth/ko/<stem>.png` or `.bmp`.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import LineError
from model.images import image_paths, read_image

GOOD = "good"
GOOD_FOLDERS = (GOOD, "ok")
"""What MVTec AD and BTAD call the folder of good parts, in this order of preference."""
DEFECTIVE_FROM = 0.25
"""Covered share from which a pixel of a shrunk mask is defective: thin defects survive, outlines do not swell."""


class DatasetRefused(LineError):
    """The folder has neither MVTec AD's nor BTAD's layout: test/good (or ok), test/<kind> and ground_truth/<kind>."""


@dataclass(frozen=True, slots=True)
class GoodPart:
    """A test image of a part without defect."""

    path: Path
    kind: str = GOOD


@dataclass(frozen=True, slots=True)
class DefectivePart:
    """A test image of a part with a defect whose place is not known."""

    path: Path
    kind: str


@dataclass(frozen=True, slots=True)
class MaskedPart:
    """A test image of a part with a defect, and the mask that shows where."""

    path: Path
    kind: str
    mask: Path


TestPart = GoodPart | DefectivePart | MaskedPart


@dataclass(frozen=True, slots=True)
class Dataset:
    """One product's images; `tests` holds good and defective ones, in the order of their paths."""

    name: str
    good_folder: Path
    training: tuple[Path, ...]
    tests: tuple[TestPart, ...]

    def __post_init__(self) -> None:
        defective = sum(part.kind != GOOD for part in self.tests)
        if not 0 < defective < len(self.tests):
            raise DatasetRefused(f"{self.name}: {len(self.tests) - defective} good, {defective} defective test images")

    @property
    def has_masks(self) -> bool:
        """Whether it is known of every defective part where the defect is."""
        return not any(isinstance(part, DefectivePart) for part in self.tests)


def read_dataset(root: Path) -> Dataset:
    """What lies below `root`; no image is opened.

    Raises:
        DatasetRefused: There is no `test` folder, one kind is missing, or some defects have masks and others do not.
    """
    if not (root / "test").is_dir():
        raise DatasetRefused(f"no folder {root / 'test'}")
    good = good_name(root)
    images = [path for path in image_paths(root / "test") if path.parent.parent == root / "test"]
    tests = tuple(_test_part(root, path, good) for path in images)
    folder = root / "train" / good
    return Dataset(root.resolve().name, folder, tuple(image_paths(folder)), tests)


def good_name(root: Path) -> str:
    """What this product calls its folder of good test parts; MVTec AD's name where it has none."""
    return next((name for name in GOOD_FOLDERS if (root / "test" / name).is_dir()), GOOD)


def products_below(root: Path) -> list[Path]:
    """The folders of a dataset's products, in the order of their names.

    Raises:
        DatasetRefused: There is none.
    """
    found = sorted(folder.parent for folder in root.glob("*/test") if folder.is_dir())
    if not found:
        raise DatasetRefused(f"no product folder with test/ in it below {root}")
    return found


def _test_part(root: Path, path: Path, good: str) -> TestPart:
    kind = path.parent.name
    if kind == good:
        return GoodPart(path)
    if not (root / "ground_truth").is_dir():
        return DefectivePart(path, kind)
    return MaskedPart(path, kind, _mask_of(root / "ground_truth" / kind, path.stem))


def _mask_of(folder: Path, stem: str) -> Path:
    masks = [path for path in image_paths(folder) if path.stem in (f"{stem}_mask", stem)]
    if not masks:
        raise DatasetRefused(f"no mask {stem}_mask.png or {stem}.* in {folder}")
    return max(masks, key=lambda path: len(path.stem))


def truth(part: TestPart, height: int, width: int) -> NDArray[np.bool_]:
    """Defective pixels at the given size; none for a part without a mask.

    Raises:
        ImageRefused: The mask cannot be decoded.
    """
    if not isinstance(part, MaskedPart):
        return np.zeros((height, width), np.bool_)
    drawn = read_image(part.mask).pixels[:, :, 0] > 127
    covered = cv2.resize(drawn.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(covered > DEFECTIVE_FROM, np.bool_)
