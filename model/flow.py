"""Conditional normalising flows over feature vectors, by FrEIA: the form that learns (Section III-B3, Fig. 3).

Shapes: N vectors, C channels of a vector, P channels of the position code.
"""

import math

import numpy as np
import torch
from FrEIA.framework import SequenceINN
from FrEIA.modules import AllInOneBlock
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from model.config import NetworkConfig

LARGEST_SOFT = 512
"""Channels up to which blocks are joined by a random rotation; beyond, by a permutation, which costs no product."""


class Flow(nn.Module):
    """One conditional flow for the vectors of one feature map."""

    def __init__(self, channels: int, config: NetworkConfig) -> None:
        super().__init__()
        self.channels = channels
        self.sequence = SequenceINN(channels)
        for _ in range(config.flow_blocks):
            self.sequence.append(
                AllInOneBlock,
                cond=0,
                cond_shape=(config.position_channels,),
                subnet_constructor=subnet,
                affine_clamping=config.flow_clamp,
                global_affine_type="SOFTPLUS",
            )
        if channels <= LARGEST_SOFT:
            self._rotate()

    def _rotate(self) -> None:
        for block in self.sequence:
            rotation, _ = torch.linalg.qr(torch.randn(self.channels, self.channels))
            block.w_perm.data.copy_(rotation)
            block.w_perm_inv.data.copy_(rotation.T)

    def forward(self, vectors_NC: Tensor, positions_NP: Tensor) -> Tensor:
        """Log-likelihood per dimension of each vector, N (Eq. 3 divided by C)."""
        latent_NC, log_determinant_N = self.sequence(vectors_NC, [positions_NP])
        return per_dimension(latent_NC.square().sum(1), log_determinant_N, self.channels)

    def to_latent(self, vectors_NC: Tensor, positions_NP: Tensor) -> Tensor:
        """The vectors where the flow would have them normally distributed."""
        latent_NC: Tensor = self.sequence(vectors_NC, [positions_NP])[0]
        return latent_NC

    def from_latent(self, latent_NC: Tensor, positions_NP: Tensor) -> Tensor:
        """The inverse of `to_latent`."""
        vectors_NC: Tensor = self.sequence(latent_NC, [positions_NP], rev=True)[0]
        return vectors_NC


def subnet(channels_in: int, channels_out: int) -> nn.Sequential:
    """What predicts a coupling's scale and shift: one hidden layer, twice as wide as its input."""
    return nn.Sequential(nn.Linear(channels_in, 2 * channels_in), nn.ReLU(), nn.Linear(2 * channels_in, channels_out))


def per_dimension(square_norm_N: Tensor, log_determinant_N: Tensor, channels: int) -> Tensor:
    """Eq. 3 divided by C: without that, Eq. 5 would be zero everywhere."""
    return (log_determinant_N - 0.5 * (square_norm_N + channels * math.log(2 * math.pi))) / channels


def flow_loss(log_likelihood_N: Tensor) -> Tensor:
    """Eq. 2 on the log-likelihood per dimension."""
    return -logsigmoid(log_likelihood_N).mean()


def make_flows(channels: tuple[int, int, int], config: NetworkConfig) -> nn.ModuleList:
    """One flow per feature map. FrEIA draws its permutations from numpy's global state, which is put back after."""
    state = np.random.get_state()
    np.random.seed(int(torch.randint(2**31, ()).item()))
    flows = nn.ModuleList(Flow(count, config) for count in channels)
    np.random.set_state(state)
    return flows
