"""The same flows rewritten for inference: exact algebra, fewer operations, constants computed once.

1. A position's code is a constant: its share of every first linear layer is added as a bias per position.
2. A block's global scale, offset and permutation are one affine map; FrEIA's factor 0.1 goes into the second layer.
3. Only the length of the latent vector is needed: the last rotation keeps it and is left out.
4. All positions of all images go through in one call.

Shapes: B images, N positions of one map, C channels, h hidden units.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from model.flow import Flow, per_dimension


class FusedBlock(nn.Module):
    """One AllInOneBlock with its constants folded; `join` tells how its vectors reach the next block."""

    hidden_weight: Tensor
    hidden_bias: Tensor
    scale_shift_weight: Tensor
    scale_shift_bias: Tensor
    join_weight: Tensor
    join_scale: Tensor
    join_offset: Tensor
    join_order: Tensor
    last_scale: Tensor
    last_offset: Tensor

    def __init__(self, block: Any, position_codes_NP: Tensor) -> None:
        super().__init__()
        first, second = block.subnet[0], block.subnet[2]
        self.kept, self.changed = block.splits
        self.clamp = float(block.clamp)
        of_vector, of_position = first.weight[:, : self.kept], first.weight[:, self.kept :]
        scale_C = block.global_scale_activation(block.global_scale)[0]
        self.log_scale = float(scale_C.double().log().sum())
        for name, value in (
            ("hidden_weight", of_vector),
            ("hidden_bias", linear(position_codes_NP, of_position, first.bias)),
            ("scale_shift_weight", second.weight * 0.1),
            ("scale_shift_bias", second.bias * 0.1),
        ):
            self.register_buffer(name, value.detach().clone().contiguous())
        self._keep_join(block.w_perm.detach(), scale_C.detach(), block.global_offset[0].detach())

    def _keep_join(self, rotation_CC: Tensor, scale_C: Tensor, offset_C: Tensor) -> None:
        """A mere permutation becomes an index, which is cheaper than a product with zeros and ones."""
        order = rotation_CC.argmax(1)
        self.permutes = bool(torch.equal(rotation_CC, torch.eye(len(order)).to(rotation_CC)[order]))
        self.register_buffer("join_order", order)
        self.register_buffer("join_scale", scale_C[order].clone())
        self.register_buffer("join_weight", torch.empty(0) if self.permutes else rotation_CC * scale_C)
        self.register_buffer("join_offset", offset_C[order].clone() if self.permutes else rotation_CC @ offset_C)
        self.register_buffer("last_scale", scale_C.clone())
        self.register_buffer("last_offset", offset_C.clone())

    def couple(self, vectors_BNC: Tensor) -> tuple[Tensor, Tensor]:
        """The coupled vectors and the sum of their log scales, B x N."""
        kept_BNC, changed_BNC = vectors_BNC[..., : self.kept], vectors_BNC[..., self.kept :]
        hidden_BNh = as_rows(kept_BNC, self.hidden_weight).add_(self.hidden_bias).relu_()
        scale_shift_BNC = linear(hidden_BNh, self.scale_shift_weight, self.scale_shift_bias)
        scale_BNC, shift_BNC = scale_shift_BNC.chunk(2, 2)
        log_scale_BNC = scale_BNC.tanh().mul_(self.clamp)
        moved_BNC = torch.addcmul(shift_BNC, changed_BNC, log_scale_BNC.exp())
        return torch.cat([kept_BNC, moved_BNC], 2), widened(log_scale_BNC).sum(2)

    def join(self, vectors_BNC: Tensor) -> Tensor:
        """Global scale and offset, then the permutation: what the next block reads."""
        if self.permutes:
            return torch.addcmul(self.join_offset, vectors_BNC.index_select(2, self.join_order), self.join_scale)
        return linear(vectors_BNC, self.join_weight, self.join_offset)

    def end(self, vectors_BNC: Tensor) -> Tensor:
        """Global scale and offset alone, for the last block."""
        return torch.addcmul(self.last_offset, vectors_BNC, self.last_scale)


class FusedFlow(nn.Module):
    """Log-likelihoods per dimension of whole maps, equal to `Flow` up to rounding."""

    @torch.no_grad()
    def __init__(self, flow: Flow, position_codes_NP: Tensor) -> None:
        super().__init__()
        self.channels = flow.channels
        blocks = [FusedBlock(block, position_codes_NP) for block in flow.sequence]
        self.constant = sum(block.log_scale for block in blocks)
        self.blocks = nn.ModuleList(blocks)

    def forward(self, vectors_BNC: Tensor) -> Tensor:
        """B x N log-likelihoods of B images' N positions."""
        total_BN: Tensor | None = None
        last = len(self.blocks) - 1
        block: Any
        for i, block in enumerate(self.blocks):
            vectors_BNC, log_scale_BN = block.couple(vectors_BNC)
            total_BN = log_scale_BN if total_BN is None else total_BN + log_scale_BN
            vectors_BNC = block.end(vectors_BNC) if i == last else block.join(vectors_BNC)
        assert total_BN is not None  # noqa: S101  a flow has at least one block
        return per_dimension(widened(vectors_BNC).square().sum(2), total_BN + self.constant, self.channels)


def as_rows(vectors_BNC: Tensor, weight_hC: Tensor) -> Tensor:
    """Times the weight, as one product: of part of the channels torch makes one per image, each with its own weight."""
    return linear(vectors_BNC.flatten(0, 1), weight_hC).view(*vectors_BNC.shape[:2], -1)


def widened(values: Tensor) -> Tensor:
    """bfloat16 as float32, in which sums and exponents are taken; wider numbers as they are."""
    return values.float() if values.dtype == torch.bfloat16 else values
