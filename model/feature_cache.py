"""Feature vectors of many pictures, computed once: in memory, or in a nameless file beyond a limit.

Shapes: B images, N vectors or positions, C channels.
"""

import os
import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import LineError
from model.detector import prepared
from model.encoder import STRIDES, channels_of
from model.network import Network, vectors_of

FEATURE_BATCH = 8
KEPT_VECTORS = 600_000
"""Vectors kept per map, drawn evenly from all images beyond that: 80 MB at 32 channels, 1.2 GB at 512 and beyond."""
WIDE = 512
"""Channels beyond which as many bytes are kept, and so fewer vectors."""
VALIDATION_KEPT = 80_000
"""The same of the images that validate: a tenth of them is looked at."""
BYTES = 4
"""Of a float32."""


class NoRoomForFeatures(LineError):
    """The features of stage 2 find no room on the disk: free some there, or let TMPDIR name another folder."""


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """Feature vectors of one map (N x C), and the number of the position where each stood (N)."""

    vectors: Tensor
    positions: Tensor

    def some(self, chosen_N: Tensor) -> "Vectors":
        """The chosen ones."""
        return Vectors(self.vectors[chosen_N], self.positions[chosen_N])


def features_of(
    images: Sequence[NDArray[np.uint8]], network: Network, device: torch.device, memory_mib: float, most: int
) -> Generator[float, None, list[Vectors]]:
    """The vectors of all three maps of these pictures, by the encoder as it is; yields the share that is done.

    Args:
        images: Pictures at the network's input size.
        network: Only its encoder is used.
        device: Where the encoder runs; the vectors are kept outside it.
        memory_mib: What all three maps may take in memory; more is mapped from a file that vanishes with them.
        most: Vectors kept per map; of one wider than `WIDE` as many bytes as of one that is as wide.
    """
    network.eval()
    generator = torch.Generator().manual_seed(len(images))
    caches = empty_caches(len(images), network, memory_mib, most)
    for start in range(0, len(images), FEATURE_BATCH):
        batch_BCHW = prepared(images[start : start + FEATURE_BATCH], network.config).to(device)
        with torch.no_grad():
            maps = network.encoder(batch_BCHW.contiguous(memory_format=torch.channels_last))
        for cache, features_BCHW in zip(caches, maps, strict=True):
            fill(cache, start, vectors_of(features_BCHW).cpu(), len(cache.positions) // len(images), generator)
        yield min(1.0, (start + FEATURE_BATCH) / len(images))
    return caches


def empty_caches(images: int, network: Network, memory_mib: float, most: int) -> list[Vectors]:
    """Room for what `features_of` keeps of so many images."""
    config = network.config
    channels = channels_of(network.encoder)
    positions = [(config.height // stride) * (config.width // stride) for stride in STRIDES]
    bounds = [most * WIDE // max(WIDE, width) for width in channels]
    counts = [images * kept_of(count, images, bound) for count, bound in zip(positions, bounds, strict=True)]
    needed = BYTES * sum(count * width for count, width in zip(counts, channels, strict=True))
    in_memory = needed <= memory_mib * 2**20
    return [
        Vectors(room(count, width, in_memory), torch.empty(count, dtype=torch.int64))
        for count, width in zip(counts, channels, strict=True)
    ]


def room(count: int, channels: int, in_memory: bool) -> Tensor:
    """An N x C tensor, in memory or in a file without a name: it ends with its last user, whatever happens.

    The file's room is taken at once: where a disk is full, writing into a mapped file ends the process without a word.

    Raises:
        NoRoomForFeatures: The file does not fit.
    """
    if in_memory:
        return torch.empty(count, channels)
    with tempfile.TemporaryFile() as file:
        take_room(file.fileno(), BYTES * count * channels)
        return torch.from_numpy(np.memmap(file, np.float32, "w+", shape=(count, channels)))


def take_room(file: int, size: int) -> None:
    """Have the system keep so many bytes for this file."""
    try:
        os.posix_fallocate(file, 0, size)
    except OSError as error:
        raise NoRoomForFeatures(f"{size / 2**20:.0f} MiB in {tempfile.gettempdir()}: {error.strerror}") from error


def kept_of(positions: int, images: int, most: int) -> int:
    """How many of a map's positions are kept of each image."""
    return min(positions, max(1, most // images))


def fill(cache: Vectors, start: int, vectors_BNC: Tensor, kept: int, generator: torch.Generator) -> None:
    """Keep all vectors of some images where those of all images fit; else as many of each as fit, drawn at random."""
    batch, positions, channels = vectors_BNC.shape
    order_BN = torch.stack([torch.randperm(positions, generator=generator)[:kept].sort().values for _ in range(batch)])
    rows = slice(start * kept, (start + batch) * kept)
    chosen_BNC = vectors_BNC.gather(1, order_BN[:, :, None].expand(batch, kept, channels))
    cache.vectors[rows] = chosen_BNC.reshape(-1, channels)
    cache.positions[rows] = order_BN.reshape(-1)
