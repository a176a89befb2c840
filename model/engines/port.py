"""What an engine is, and how graphs of fixed sizes take batches of any size.

Shapes: B images, H x W pixels.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from model.engines.choice import EngineName
from model.network import InferenceNetwork, RawMaps

Outputs = Sequence[Tensor]
"""A_p, the three log-likelihood maps and the features: `RawMaps` as a graph returns it."""
Graph = Callable[[Tensor], Outputs]
"""Takes exactly the number of images it was made for."""
LARGEST_WASTE = 0.5
"""Share of a graph's images that may be padding before smaller graphs do the rest."""


class Engine(Protocol):
    """Runs one network."""

    @property
    def name(self) -> EngineName:
        """As every inspection row names it."""
        ...

    def __call__(self, images_BCHW: Tensor) -> RawMaps:
        """Raw maps of normalised float32 images, on the device they are on; an image's are its own in any batch."""
        ...


class EagerEngine:
    """Torch without a graph. In float32 it is the reference; it needs nothing but torch."""

    def __init__(self, name: EngineName, network: InferenceNetwork) -> None:
        self.name = name
        self._network = network

    def __call__(self, images_BCHW: Tensor) -> RawMaps:
        """As the network does it."""
        return self._network(images_BCHW)  # type: ignore[no-any-return]


class GraphEngine:
    """Graphs of fixed sizes, of which the smallest that fits takes what is left of a batch, padded with zeros."""

    def __init__(self, name: EngineName, graphs: Mapping[int, Graph]) -> None:
        self.name = name
        self._graphs = graphs

    def __call__(self, images_BCHW: Tensor) -> RawMaps:
        """Piece by piece; what comes out of padding is dropped."""
        found: list[list[Tensor]] = []
        start = 0
        for size, used in pieces(len(images_BCHW), tuple(self._graphs)):
            piece_BCHW = padded(images_BCHW[start : start + used], size)
            found.append([values[:used] for values in self._graphs[size](piece_BCHW)])
            start += used
        classified, first, second, third, features = map(torch.cat, zip(*found, strict=True))
        return RawMaps(classified, (first, second, third), features)


def pieces(count: int, sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Graph sizes that take `count` images one after another, each with how many of its places are used."""
    found = []
    while count:
        size = _next_size(count, sizes)
        found.append((size, min(size, count)))
        count -= min(size, count)
    return found


def _next_size(count: int, sizes: Sequence[int]) -> int:
    """The smallest that takes them all, unless too much of it would be padding; then the largest that is filled."""
    enough = [size for size in sizes if size >= count]
    filled = [size for size in sizes if size <= count]
    if enough and (not filled or min(enough) - count < LARGEST_WASTE * min(enough)):
        return min(enough)
    return max(filled)


def padded(images_BCHW: Tensor, size: int) -> Tensor:
    """The images with zeros after them up to this number."""
    missing = size - len(images_BCHW)
    return pad(images_BCHW, (0, 0, 0, 0, 0, 0, 0, missing)) if missing else images_BCHW


class Flat(nn.Module):
    """The network with its raw maps as a plain tuple: what can be exported."""

    def __init__(self, network: InferenceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images_BCHW: Tensor) -> tuple[Tensor, ...]:
        """As `Outputs`."""
        raw = self.network(images_BCHW)
        return (raw.classified, *raw.log_likelihoods, raw.features)
