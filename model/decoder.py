"""The pixelwise classifier's decoder: the encoder mirrored, a quarter as wide (Section III-B2).

Shapes: B images, C channels, H x W positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from model.encoder import pad_by_reflection

WIDE_FROM = 1024
"""Channels of the deepest map from which an encoder counts as the reference's kind."""


@dataclass(frozen=True, slots=True)
class DecoderShape:
    """Channels after the transition and after each of the four groups, and blocks per group."""

    transition: int
    widths: tuple[int, int, int, int]
    blocks: tuple[int, int, int, int]


def decoder_shape(channels: Sequence[int]) -> DecoderShape:
    """The shape that fits an encoder's three maps.

    A wide encoder gets the reference's: a quarter of its channels and 3, 6, 4, 3 blocks. A quarter of a narrow one
    would be too little to tell anything apart, so its widths have a floor; and since most of its time would go into
    the last two groups, which see no more than the finest skip tells them, it has fewer and narrower blocks there.
    """
    deepest = channels[2]
    if deepest >= WIDE_FROM:
        quarter = deepest // 4
        return DecoderShape(deepest // 2, (quarter, quarter // 2, quarter // 4, quarter // 8), (3, 6, 4, 3))
    return DecoderShape(max(128, deepest // 2), (128, 64, 48, 16), (2, 2, 1, 1))


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions around half the output's channels, added to the input."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        inner = channels_out // 2
        self.narrow = conv_norm(channels_in, inner, 1)
        self.look = conv_norm(inner, inner, 3)
        self.widen = conv_norm(inner, channels_out, 1)
        self.shortcut = nn.Identity() if channels_in == channels_out else conv_norm(channels_in, channels_out, 1)

    def forward(self, features_BCHW: Tensor) -> Tensor:
        """Same positions, other channels."""
        inner_BCHW = torch.relu(self.look(torch.relu(self.narrow(features_BCHW))))
        return torch.relu(self.widen(inner_BCHW) + self.shortcut(features_BCHW))


def conv_norm(channels_in: int, channels_out: int, kernel: int) -> nn.Sequential:
    """A convolution that keeps the size, and its batch norm."""
    convolution = nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out))


def group(channels_in: int, channels_out: int, blocks: int) -> nn.Sequential:
    """Bottlenecks of which the first changes the channels."""
    return nn.Sequential(*(Bottleneck(channels_in if i == 0 else channels_out, channels_out) for i in range(blocks)))


class Decoder(nn.Module):
    """Three feature maps in, one logit per input pixel out: positive means defect.

    Two-class softmax cross-entropy with soft targets (Eq. 1) is binary cross-entropy on the difference of the two
    logits, which is the one channel here.
    """

    def __init__(self, channels: Sequence[int], reflect: bool = False) -> None:
        super().__init__()
        shape = decoder_shape(channels)
        first, second, third, fourth = shape.widths
        self.transition = nn.Sequential(
            *(conv_norm(channels[2], shape.transition, 1), nn.ReLU()),
            *(conv_norm(shape.transition, first, 1), nn.ReLU()),
        )
        inputs = (first + channels[1], first + channels[0], second, third)
        self.groups = nn.ModuleList(map(group, inputs, shape.widths, shape.blocks))
        self.output = nn.Sequential(conv_norm(fourth, fourth, 3), nn.ReLU(), nn.Conv2d(fourth, 1, 1))
        if reflect:
            pad_by_reflection(self)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Logits B x 1 x H x W at the input's size, from the maps at strides 8, 16 and 32."""
        fine_BCHW, middle_BCHW, coarse_BCHW = maps
        features_BCHW = self.transition(coarse_BCHW)
        for layer, skip_BCHW in zip(self.groups, (middle_BCHW, fine_BCHW, None, None), strict=True):
            features_BCHW = doubled(features_BCHW)
            if skip_BCHW is not None:
                features_BCHW = torch.cat([features_BCHW, skip_BCHW], 1)
            features_BCHW = layer(features_BCHW)
        return doubled(self.output(features_BCHW))


def doubled(features_BCHW: Tensor) -> Tensor:
    """Twice the height and width, bilinear."""
    return interpolate(features_BCHW, scale_factor=2.0, mode="bilinear", align_corners=False)
