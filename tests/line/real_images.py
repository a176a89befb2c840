"""Where the real images lie, and in which order the camera took them."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("SHARED", Path(__file__).parents[2] / ".." / "shared")).resolve()
SET = SHARED / "data" / "ballscrew"
WEIGHTS = SHARED / "weights" / "mobilenetv2_100_in1k.safetensors"


def skip_without_images() -> None:
    """Skip where there are none, and say how to name them."""
    if not SET.is_dir():
        pytest.skip(f"no real images in {SHARED}: SHARED=DIR names the folder with data/ and weights/")


def in_time(folder: Path) -> list[Path]:
    """The folder's pictures, oldest first: their names hold the moment (01_200828110014_...)."""
    return sorted(folder.iterdir(), key=lambda path: (path.name.split("_")[1], path.name))


def mask_of(picture: Path) -> bytes:
    """What is known to be defective in a picture of the test set."""
    return (SET / "ground_truth" / picture.parent.name / f"{picture.stem}_mask.png").read_bytes()


def linked(folder: Path, pictures: list[Path]) -> Path:
    """A folder of these pictures, by number, so that a camera shows them in this order."""
    folder.mkdir(parents=True)
    for number, picture in enumerate(pictures):
        (folder / f"{number:04d}{picture.suffix}").symlink_to(picture)
    return folder
