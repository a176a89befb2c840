"""What a trained network needs to become a bundle: frozen constants, the weight w, calibration scores, a threshold.

All of it is taken on calibration pictures, none of it on test data.

Shapes: B images, H x W pixels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import torch
from numpy.typing import NDArray

from model.config import NetworkConfig, ScoreRule
from model.detector import prepared
from model.framing import Framing
from model.network import InferenceNetwork
from model.scoring import ScoreConstants, combined_map, density_maps, finished_map, image_score, normality

Pixels = NDArray[np.uint8]
Maps = NDArray[np.float32]
BATCH = 8


@dataclass(frozen=True, slots=True, eq=False)
class MapPair:
    """A_p and A_nf of some pictures, each B x H x W."""

    classified: Maps
    density: Maps

    def some(self, most: int) -> "MapPair":
        """Of at most so many pictures, evenly from all."""
        step = ceil(len(self.density) / most)
        return MapPair(self.classified[::step], self.density[::step])


@dataclass(frozen=True, slots=True, eq=False)
class Extremes:
    """The highest log-likelihood per flow (u_i of Eq. 4) and the highest normality (n_max of Eq. 8)."""

    likeliest: tuple[float, float, float]
    most_normal: float


def extremes_of(network: InferenceNetwork, pictures: Sequence[Pixels], config: NetworkConfig) -> Extremes:
    """Taken over these good pictures: u_i first, since n_max is measured with them."""
    said = [network(batch).log_likelihoods for batch in _batches(network, pictures, config)]
    first, second, third = (max(float(maps[level].max()) for maps in said) for level in range(3))
    size = (config.height, config.width)
    highest = max(float(normality(maps, (first, second, third), config.flow_weights, size).max()) for maps in said)
    return Extremes((first, second, third), highest)


def map_pairs(
    network: InferenceNetwork, pictures: Sequence[Pixels], extremes: Extremes, config: NetworkConfig
) -> MapPair:
    """Both maps of these pictures."""
    constants = ScoreConstants(extremes.likeliest, extremes.most_normal, 0.0, config.flow_weights)
    classified, density = [], []
    for batch in _batches(network, pictures, config):
        raw = network(batch)
        classified.append(raw.classified.cpu().numpy())
        density.append(density_maps(raw.log_likelihoods, constants, (config.height, config.width)).cpu().numpy())
    return MapPair(np.concatenate(classified), np.concatenate(density))


def picture_maps(
    network: InferenceNetwork, tiles: Sequence[Pixels], extremes: Extremes, config: NetworkConfig, framing: Framing
) -> MapPair:
    """Both maps of whole pictures, from all their tiles in order. Few pictures' tile maps are in memory at a time."""
    step = framing.tiles * max(1, BATCH // framing.tiles)
    parts = [tiles[start : start + step] for start in range(0, len(tiles), step)]
    pairs = [stitched(map_pairs(network, part, extremes, config), framing) for part in parts]
    return MapPair(*(np.concatenate([getattr(pair, name) for pair in pairs]) for name in ("classified", "density")))


def stitched(of_tiles: MapPair, framing: Framing) -> MapPair:
    """The tiles' maps as their pictures' maps."""
    starts = range(0, len(of_tiles.classified), framing.tiles)
    classified, density = (
        np.stack([framing.stitched(list(maps[start : start + framing.tiles])) for start in starts])
        for maps in (of_tiles.classified, of_tiles.density)
    )
    return MapPair(classified, density)


def scores_of(pair: MapPair, weight: float, rule: ScoreRule) -> list[float]:
    """The image scores by the bundle's own rule."""
    return [image_score(values, rule) for values in combined_maps(pair, weight)]


def combined_maps(pair: MapPair, weight: float) -> Iterator[Maps]:
    """A of each picture."""
    for maps in zip(pair.classified, pair.density, strict=True):
        yield combined_map(*maps, weight)


def typical_pixel(pair: MapPair, weight: float, rule: ScoreRule) -> float:
    """The median of the finished map over these good pictures: where a display's colours may begin."""
    finished = [finished_map(values, rule)[::2, ::2] for values in combined_maps(pair, weight)]
    return float(np.quantile(np.stack(finished), 0.5))


def _batches(network: InferenceNetwork, pictures: Sequence[Pixels], config: NetworkConfig) -> Iterator[torch.Tensor]:
    device = next(network.parameters()).device
    for start in range(0, len(pictures), BATCH):
        yield prepared(pictures[start : start + BATCH], config).to(device)
