"""Encoder, decoder and flows as one network, and its fused form for inference.

Shapes: B images, C channels, H x W pixels or positions, N = H * W positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model.config import NetworkConfig
from model.decoder import Decoder
from model.encoder import STRIDES, bare_backbone, channels_of
from model.flow import make_flows
from model.fused_flow import FusedFlow, widened
from model.positions import position_code


class Network(nn.Module):
    """What is trained and what a bundle holds."""

    def __init__(self, config: NetworkConfig, backbone: nn.Module | None = None) -> None:
        super().__init__()
        self.config = config
        self.encoder = backbone if backbone is not None else bare_backbone(config.encoder, config.reflect)
        self.decoder = Decoder(channels_of(self.encoder), config.reflect)
        self.flows = make_flows(channels_of(self.encoder), config)

    def position_codes(self) -> list[Tensor]:
        """N x P code of every position, for each of the three maps."""
        height, width, channels = self.config.height, self.config.width, self.config.position_channels
        return [position_code(channels, height // stride, width // stride) for stride in STRIDES]


@dataclass(frozen=True, slots=True, eq=False)
class RawMaps:
    """What the network says before any constant of a bundle is applied.

    `classified` (B x H x W) is A_p at the input's size; `log_likelihoods` holds per map B x h x w values per dimension;
    `features` (B x C) are the deepest map's means.
    """

    classified: Tensor
    log_likelihoods: tuple[Tensor, Tensor, Tensor]
    features: Tensor


class InferenceNetwork(nn.Module):
    """Images in, raw maps out, with the flows in their fused form."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.encoder, self.decoder = network.encoder, network.decoder
        weight = next(network.parameters())
        codes = [code.to(weight) for code in network.position_codes()]
        self.flows = nn.ModuleList(FusedFlow(flow, code) for flow, code in zip(network.flows, codes, strict=True))  # type: ignore[arg-type]
        self.eval()

    @torch.no_grad()
    def forward(self, images_BCHW: Tensor) -> RawMaps:
        """Score normalised images of the configured size, in the numbers the weights are in."""
        images_BCHW = images_BCHW.to(next(self.parameters()).dtype)
        maps: Sequence[Tensor] = self.encoder(images_BCHW.contiguous(memory_format=torch.channels_last))
        classified_BHW = torch.sigmoid(widened(self.decoder(maps)))[:, 0]
        first, second, third = (log_likelihood_map(flow, values) for flow, values in zip(self.flows, maps, strict=True))
        return RawMaps(classified_BHW, (first, second, third), widened(maps[2]).mean((2, 3)))


def log_likelihood_map(flow: nn.Module, features_BCHW: Tensor) -> Tensor:
    """B x H x W log-likelihoods per dimension of a feature map."""
    batch, _, height, width = features_BCHW.shape
    vectors_BNC = features_BCHW.flatten(2).transpose(1, 2)
    log_likelihood_BHW: Tensor = flow(vectors_BNC).view(batch, height, width)
    return log_likelihood_BHW


def vectors_of(features_BCHW: Tensor) -> Tensor:
    """B x N x C: a map's vectors in the order of the position codes."""
    return widened(features_BCHW).flatten(2).transpose(1, 2).contiguous()
