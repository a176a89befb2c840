"""What a synthetic defect may be made of: pictures of a folder, or textures drawn from a seed."""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from model.images import image_paths, read_image
from model.perlin import perlin_noise

Pixels = NDArray[np.uint8]
KEPT_SIDE = 384
"""Longest side in pixels at which a texture is kept in memory: enough for a 256-pixel crop, 0.4 MB each."""
KEPT_TEXTURES = 512
"""Decoded textures kept in memory (about 230 MB at most); a few hundred are the usual whole."""


class TextureSource(Protocol):
    """Anything that can fill a picture with texture."""

    def texture(self, seed: int, height: int, width: int) -> Pixels:
        """A height x width x 3 RGB texture; the same seed gives the same pixels."""
        ...


class FolderTextures:
    """Random crops of the pictures in a folder and its subfolders, decoded once each."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        if not paths:
            raise ValueError("a folder of textures needs at least one picture (PNG, JPEG, BMP, TIFF or WebP)")
        self._paths = paths
        self._kept: OrderedDict[int, Pixels] = OrderedDict()

    def texture(self, seed: int, height: int, width: int) -> Pixels:
        """A random crop of a random picture, flipped at random, resized to height x width."""
        generator = np.random.default_rng(seed)
        return random_crop(self._picture(int(generator.integers(len(self._paths)))), generator, height, width)

    def _picture(self, index: int) -> Pixels:
        if index not in self._kept:
            self._kept[index] = read_texture(self._paths[index])
            if len(self._kept) > KEPT_TEXTURES:
                self._kept.popitem(last=False)
        return self._kept[index]


class ProceduralTextures:
    """Textures drawn by formula: clouds, stripes, spots, grain and flat colours, each in two random colours."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def texture(self, seed: int, height: int, width: int) -> Pixels:
        """One of the kinds, in random colours, height x width x 3."""
        generator = np.random.default_rng([self._seed, seed])
        draw = PATTERNS[int(generator.integers(len(PATTERNS)))]
        low, high = generator.integers(0, 256, (2, 3)).astype(np.float32)
        amount = np.clip(draw(generator, height, width), 0, 1)[:, :, None]
        return np.asarray(low + amount * (high - low), np.uint8)


def folder_textures(folder: Path) -> FolderTextures:
    """All pictures below the folder, in the order of their paths.

    Raises:
        ValueError: There is none.
    """
    return FolderTextures(tuple(image_paths(folder)))


def procedural_textures(seed: int) -> ProceduralTextures:
    """Textures that need no file."""
    return ProceduralTextures(seed)


def read_texture(path: Path) -> Pixels:
    """A texture as RGB, at most `KEPT_SIDE` pixels on its longest side.

    Raises:
        ImageRefused: The file is not a picture.
    """
    pixels = read_image(path).pixels
    scale = min(1.0, KEPT_SIDE / max(pixels.shape[:2]))
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def random_crop(picture: Pixels, generator: np.random.Generator, height: int, width: int) -> Pixels:
    """A crop of a third to the whole of the picture, flipped at random, resized to height x width."""
    share = generator.uniform(1 / 3, 1)
    tall, wide = (max(1, int(side * share)) for side in picture.shape[:2])
    top = int(generator.integers(picture.shape[0] - tall + 1))
    left = int(generator.integers(picture.shape[1] - wide + 1))
    crop = picture[top : top + tall, left : left + wide]
    crop = crop[:: int(generator.choice((-1, 1))), :: int(generator.choice((-1, 1)))]
    return np.asarray(cv2.resize(np.ascontiguousarray(crop), (width, height)), np.uint8)


def clouds(generator: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    """Three octaves of Perlin noise."""
    first = int(generator.integers(0, 4))
    total = np.full((height, width), 0.5, np.float32)
    for octave in range(3):
        cells = 2 ** (first + octave)
        total += perlin_noise(generator, height, width, min(cells, height), min(cells, width)) / 2 ** (octave + 1)
    return total


def stripes(generator: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    """Bands at a random angle, width and sharpness, slightly bent."""
    angle, period = generator.uniform(0, np.pi), generator.uniform(4, max(8.0, width / 4))
    down, right = np.ogrid[:height, :width]
    bend = perlin_noise(generator, height, width, 2, 2) * period * generator.uniform(0, 2)
    wave = np.sin((down * np.sin(angle) + right * np.cos(angle) + bend) * (2 * np.pi / period))
    return np.asarray(wave * generator.uniform(0.5, 3) + 0.5, np.float32)


def spots(generator: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    """Round blobs with steep flanks."""
    cells = 2 ** int(generator.integers(3, 7))
    noise = perlin_noise(generator, height, width, min(cells, height), min(cells, width))
    return np.asarray((noise - 0.2) * 6, np.float32)


def grain(generator: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    """Noise of a random grain size."""
    shrink = int(generator.integers(1, 5))
    coarse = generator.random((-(-height // shrink), -(-width // shrink)), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def flat(generator: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    """One colour with a faint cloud: oil, rust, paint, a shadow."""
    return clouds(generator, height, width) * 0.1


Pattern = Callable[[np.random.Generator, int, int], NDArray[np.float32]]
PATTERNS: tuple[Pattern, ...] = (clouds, stripes, spots, grain, flat)
