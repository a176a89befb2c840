"""One product's trained network, ready to score: images in, score maps out.

An image goes through the network in the tiles of its framing, mostly one. Shapes: B tiles, C channels, H x W pixels.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import BundleRefused, LineError
from core.frame import Image
from core.verdict import ScoreMap
from model.bundle import load_bundle
from model.config import NetworkConfig
from model.engines.captured import on_device
from model.engines.choice import reference
from model.engines.port import EagerEngine, Engine
from model.images import normalised, resized
from model.letter import Letter
from model.network import InferenceNetwork, Network, RawMaps
from model.parity import without_parity
from model.scoring import Map, ScoreConstants, combined_map, density_maps, finished_map, score_of_finished

Item = TypeVar("Item")
LARGEST_BATCH = 32
"""Tiles that go through the network at once; more only takes memory."""


class NetworkDetector:
    """`core.ports.Detector` over a bundle's letter and its network. Scores do not depend on the batch."""

    def __init__(self, letter: Letter, engine: Engine, device: torch.device) -> None:
        self.letter = letter
        self._network = engine
        self._device = device
        self._constants = constants_of(letter)

    @property
    def engine(self) -> str:
        """What runs the network, as every row names it."""
        return str(self._network.name)

    def score(self, images: Sequence[Image]) -> list[ScoreMap]:
        """One map per image, in order, at the size of the bundle's framing."""
        framing = self.letter.framing
        tiles = (tile for image in images for tile in framing.cut(framing.scaled(image.pixels)))
        answers = (answer for batch in batches(tiles, LARGEST_BATCH) for answer in self._answers(batch))
        return [stitched_score_map(of_image, self.letter) for of_image in batches(answers, framing.tiles)]

    def _answers(self, tiles: Sequence[NDArray[np.uint8]]) -> "list[TileAnswer]":
        pixels_BCHW = on_device(prepared(tiles, self.letter.network), self._device)
        return tile_answers(self._network(pixels_BCHW), self._constants, self.letter.network)


@dataclass(frozen=True, slots=True, eq=False)
class TileAnswer:
    """A_p, A_nf (H x W) and pooled features of one tile."""

    classified: Map
    density: Map
    features: NDArray[np.float32]


def tile_answers(raw: RawMaps, constants: ScoreConstants, network: NetworkConfig) -> list[TileAnswer]:
    """What a batch's raw maps say of each tile, as arrays."""
    density_BHW = density_maps(raw.log_likelihoods, constants, (network.height, network.width))
    triples = zip(raw.classified, density_BHW, raw.features, strict=True)
    return [TileAnswer(*(values.cpu().numpy() for values in triple)) for triple in triples]


def stitched_score_map(tiles: Sequence[TileAnswer], letter: Letter) -> ScoreMap:
    """The finished maps and the score of one image, from its tiles' answers."""
    classified = letter.framing.stitched([tile.classified for tile in tiles])
    density = letter.framing.stitched([tile.density for tile in tiles])
    finished = finished_map(combined_map(classified, density, letter.weight), letter.score_rule)
    features = np.asarray(np.mean([tile.features for tile in tiles], axis=0), np.float32)
    return ScoreMap(finished, classified, density, score_of_finished(finished, letter.score_rule), features)


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of this size, the last one shorter; taken from the source only as they are asked for."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


def prepared(pixels: Sequence[NDArray[np.uint8]], config: NetworkConfig) -> Tensor:
    """Pictures of any size as the network's input, B x 3 x H x W."""
    shrunk = [resized(picture, config.height, config.width) for picture in pixels]
    return torch.from_numpy(normalised(shrunk, config.normalisation.mean, config.normalisation.std))


def constants_of(letter: Letter) -> ScoreConstants:
    """The frozen constants a letter carries."""
    return ScoreConstants(letter.likeliest, letter.most_normal, letter.weight, letter.network.flow_weights)


def load_detector(bundle_folder: Path, device: str = "auto", expected_sha256: str = "") -> NetworkDetector:
    """A detector from a bundle, run by the reference engine.

    Args:
        bundle_folder: Folder with the bundle's two files.
        device: `cpu`, `cuda`, or `auto` for a GPU where there is one.
        expected_sha256: The registered hash of the bundle; empty for a bundle nobody registered.

    Raises:
        BundleRefused: The bundle is not whole, or not the one registered.
    """
    letter, tensors = load_bundle(bundle_folder, expected_sha256)
    chosen = chosen_device(device)
    network = filled_network(letter.network, tensors).to(chosen)
    inference = InferenceNetwork(network.to(memory_format=torch.channels_last))
    return NetworkDetector(letter, EagerEngine(reference(chosen.type), inference), chosen)


def filled_network(config: NetworkConfig, tensors: dict[str, Tensor]) -> Network:
    """The network of this shape with a bundle's tensors; those of the parity gate are left out.

    Raises:
        BundleRefused: They do not fit the shape.
    """
    with torch.random.fork_rng():
        network = Network(config)
    try:
        network.load_state_dict(without_parity(tensors))
    except RuntimeError as error:
        raise BundleRefused(f"tensors do not fit {config.encoder}: {str(error)[:200]}") from error
    return network.eval()


class DeviceUnavailable(LineError, RuntimeError):  # torch's own error of a device, with a remedy
    """There is no such device here: take `cpu`, `cuda` where a GPU and its driver are, or `auto`."""


def chosen_device(name: str) -> torch.device:
    """The device of this name; `auto` takes a GPU where there is one.

    Raises:
        DeviceUnavailable: The machine has none of this name.
    """
    has_gpu = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if has_gpu else "cpu")
    if not re.fullmatch(r"cuda(:\d+)?" if has_gpu else "", name) and name != "cpu":
        raise DeviceUnavailable(name)
    return torch.device(name)
