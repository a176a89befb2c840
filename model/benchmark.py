"""Images per second of the whole network, plain and fast. Random weights: speed does not depend on them.

Shapes: B images, C channels, H x W pixels, N positions.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from model.config import NetworkConfig
from model.network import InferenceNetwork, Network, RawMaps, vectors_of
from model.pace import Seconds
from model.scoring import normality

PAPER_VECTORS = 256
"""Vectors per call of a flow in the reference."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Images per second of either path."""

    plain: float
    fast: float


@torch.no_grad()
def plain_pass(network: Network, images_BCHW: Tensor) -> Tensor:
    """The whole network as the paper runs it: N of Eq. 7 plus A_p, flows by FrEIA, 256 vectors at a time."""
    maps = network.encoder(images_BCHW)
    classified_BHW = torch.sigmoid(network.decoder(maps))[:, 0]
    parts = zip(network.flows, network.position_codes(), maps, strict=True)
    first, second, third = (_plain_map(flow, code, values) for flow, code, values in parts)
    size = (network.config.height, network.config.width)
    return normality((first, second, third), (0.0, 0.0, 0.0), size) + classified_BHW


def _plain_map(flow: torch.nn.Module, code_NP: Tensor, features_BCHW: Tensor) -> Tensor:
    batch, channels, height, width = features_BCHW.shape
    vectors_NC = vectors_of(features_BCHW).view(-1, channels)
    codes_NP = code_NP.to(features_BCHW.device).repeat(batch, 1)
    pieces = zip(vectors_NC.split(PAPER_VECTORS), codes_NP.split(PAPER_VECTORS), strict=True)  # type: ignore[no-untyped-call]
    log_likelihood_N: Tensor = torch.cat([flow(vectors, codes) for vectors, codes in pieces])
    return log_likelihood_N.reshape((batch, height, width))


@torch.no_grad()
def fast_pass(network: InferenceNetwork, images_BCHW: Tensor) -> Tensor:
    """The same by the path that serves the line."""
    raw: RawMaps = network(images_BCHW)
    size = (images_BCHW.shape[2], images_BCHW.shape[3])
    return normality(raw.log_likelihoods, (0.0, 0.0, 0.0), size) + raw.classified


def measure(config: NetworkConfig, batch: int, seconds: float, device: torch.device, clock: Seconds) -> Speed:
    """Time both paths on random images for about `seconds` each, after one pass to warm up."""
    network = Network(config).to(device).eval()
    images_BCHW = torch.randn(batch, 3, config.height, config.width, device=device)
    plain = _rate(lambda: plain_pass(network, images_BCHW), batch, seconds, clock)
    fast_network = InferenceNetwork(network.to(memory_format=torch.channels_last))
    return Speed(plain, _rate(lambda: fast_pass(fast_network, images_BCHW), batch, seconds, clock))


def _rate(run: Callable[[], Tensor], batch: int, seconds: float, clock: Seconds) -> float:
    run()
    began, passes = clock(), 0
    while passes < 2 or clock() - began < seconds:
        float(run().sum())
        passes += 1
    return passes * batch / (clock() - began)
