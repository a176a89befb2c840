"""From what the network says to A_p, A_nf, A and one score, with constants that are frozen in the bundle (Alg. 2).

Nothing here looks at a batch as a whole: an image's maps are the same beside any neighbours.

Shapes: B images, H x W pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from model.area_opening import without_small_spots
from model.config import ScoreRule

Map = NDArray[np.float32]
HIGHEST_EXPONENT = 4.0
"""A vector far likelier than all of calibration counts as e^4 times the likeliest: finite whatever comes."""


@dataclass(frozen=True, slots=True)
class ScoreConstants:
    """What turns log-likelihoods into an anomaly map; taken once, on calibration images.

    `likeliest` are the u_i of Eq. 4, per flow; `most_normal` is n_max of Eq. 8; `weight` is w of Eq. 9;
    `flow_weights` is what each flow counts in Eq. 7.
    """

    likeliest: tuple[float, float, float]
    most_normal: float
    weight: float
    flow_weights: tuple[float, float, float]

    def __post_init__(self) -> None:
        if not all(map(isfinite, (*self.likeliest, self.most_normal, self.weight))) or self.weight < 0:
            raise ValueError(f"constants must be finite and the weight not negative, got {self}")


def normality(
    log_likelihoods: Sequence[Tensor],
    likeliest: Sequence[float],
    flow_weights: Sequence[float],
    size: tuple[int, int],
) -> Tensor:
    """N of Eq. 5 to 7: B x H x W, the weighted sum of the flows' scaled likelihoods."""
    total_BHW: Tensor | None = None
    for values_BHW, highest, share in zip(log_likelihoods, likeliest, flow_weights, strict=True):
        scaled_BHW = share * torch.exp((values_BHW - highest).clamp(max=HIGHEST_EXPONENT))
        grown_BHW = interpolate(scaled_BHW[:, None], size, mode="bilinear", align_corners=True)[:, 0]
        total_BHW = grown_BHW if total_BHW is None else total_BHW + grown_BHW
    assert total_BHW is not None  # noqa: S101  there are three flows
    return total_BHW


def density_maps(log_likelihoods: Sequence[Tensor], constants: ScoreConstants, size: tuple[int, int]) -> Tensor:
    """A_nf = n_max - N, so that high means anomalous (Eq. 8 has it the other way round)."""
    return constants.most_normal - normality(log_likelihoods, constants.likeliest, constants.flow_weights, size)


def combined_map(classified: Map, density: Map, weight: float) -> Map:
    """A of Eq. 9."""
    return density + np.float32(weight) * classified


def finished_map(values: Map, rule: ScoreRule) -> Map:
    """The map A as it is shown, written and scored: smoothed, then without spots that are too small."""
    smooth = smoothed(values, rule.smoothing * min(values.shape))
    return without_small_spots(smooth, ceil(rule.minimum_area * values.size))


def image_score(values: Map, rule: ScoreRule) -> float:
    """One number for a map as the network gave it."""
    return score_of_finished(finished_map(values, rule), rule)


def score_of_finished(finished: Map, rule: ScoreRule) -> float:
    """One number for a map that `finished_map` made: the mean of its highest pixels."""
    count = max(1, round(rule.top_share * finished.size))
    highest = np.partition(finished.ravel(), finished.size - count)[-count:]
    return float(highest.mean(dtype=np.float64))


def smoothed(values: Map, sigma: float) -> Map:
    """A Gaussian over the map, mirrored at the border; nothing below a third of a pixel."""
    if sigma < 1 / 3:
        return values
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)
