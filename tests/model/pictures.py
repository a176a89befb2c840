"""Small pictures of a part, drawn for the tests of the network."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 64


def part(seed: int, side: int = SIDE) -> NDArray[np.uint8]:
    """A light disc on dark ground, never twice quite the same."""
    generator = np.random.default_rng(seed)
    picture = np.full((side, side, 3), 40, np.uint8)
    centre = tuple(int(side / 2 + shift) for shift in generator.integers(-2, 3, 2))
    cv2.circle(picture, centre, side // 3, (170, 160, 150), cv2.FILLED)
    noise = generator.normal(0, 4, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def write_parts(folder: Path, count: int, side: int = SIDE) -> list[Path]:
    """`count` parts as PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{seed:03}.png" for seed in range(count)]
    for seed, path in enumerate(paths):
        cv2.imwrite(str(path), part(seed, side))
    return paths


def strip(seed: int, height: int, width: int) -> NDArray[np.uint8]:
    """Light ground with noise and a dark line along it, never twice quite the same."""
    generator = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 150, np.uint8)
    down, right = (height // 2, width) if width > height else (height, width // 2)
    start = (0, down) if width > height else (right, 0)
    cv2.line(picture, start, (right, down), (90, 90, 90), int(generator.integers(4, 7)))
    return np.clip(picture + generator.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)
