"""One product's trained network, ready to score: images in, score maps out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import BundleRefused
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
from model.scoring import ScoreConstants, combined_map, density_maps, image_score

LARGEST_BATCH = 32
"""Images that go through the network at once; more only takes memory."""


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
        """One map per image, in order, at the network's input size."""
        batches = [images[start : start + LARGEST_BATCH] for start in range(0, len(images), LARGEST_BATCH)]
        return [score_map for batch in batches for score_map in self._score_batch(batch)]

    def _score_batch(self, images: Sequence[Image]) -> list[ScoreMap]:
        config = self.letter.network
        pixels_BCHW = on_device(prepared([image.pixels for image in images], config), self._device)
        return score_maps(self._network(pixels_BCHW), self._constants, self.letter)


def score_maps(raw: RawMaps, constants: ScoreConstants, letter: Letter) -> list[ScoreMap]:
    """The finished maps of a batch, as arrays."""
    size = (letter.network.height, letter.network.width)
    density_BHW = density_maps(raw.log_likelihoods, constants, size)
    triples = zip(raw.classified, density_BHW, raw.features, strict=True)
    return [_score_map(classified, density, features, letter) for classified, density, features in triples]


def _score_map(classified_HW: Tensor, density_HW: Tensor, features_C: Tensor, letter: Letter) -> ScoreMap:
    classified, density = classified_HW.cpu().numpy(), density_HW.cpu().numpy()
    combined = combined_map(classified, density, letter.weight)
    score = image_score(combined, letter.score_rule)
    return ScoreMap(combined, classified, density, score, features_C.cpu().numpy())


def prepared(pixels: Sequence[NDArray[np.uint8]], config: NetworkConfig) -> Tensor:
    """Pictures of any size as the network's input, B x 3 x H x W."""
    shrunk = [resized(picture, config.height, config.width) for picture in pixels]
    return torch.from_numpy(normalised(shrunk, config.normalisation.mean, config.normalisation.std))


def constants_of(letter: Letter) -> ScoreConstants:
    """The frozen constants a letter carries."""
    return ScoreConstants(letter.likeliest, letter.most_normal, letter.weight)


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


def chosen_device(name: str) -> torch.device:
    """The device of this name; `auto` takes a GPU where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)
