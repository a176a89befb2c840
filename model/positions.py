"""The sinusoidal code of a position on a feature map: the flows' condition (Section III-B3)."""

import math

import torch
from torch import Tensor


def position_code(channels: int, height: int, width: int) -> Tensor:
    """H*W x channels: a quarter each of sine and cosine across, sine and cosine down, row by row.

    Frequencies fall geometrically from 1 to 1/10000 per position, as in transformers.
    """
    quarter = channels // 4
    frequencies = torch.exp(torch.arange(quarter, dtype=torch.float64) * (-math.log(10000.0) / quarter))
    down = torch.arange(height, dtype=torch.float64)[:, None] * frequencies
    across = torch.arange(width, dtype=torch.float64)[:, None] * frequencies
    down_HWC = torch.cat([down.sin(), down.cos()], 1)[:, None, :].expand(height, width, 2 * quarter)
    across_HWC = torch.cat([across.sin(), across.cos()], 1)[None, :, :].expand(height, width, 2 * quarter)
    return torch.cat([across_HWC, down_HWC], 2).reshape(height * width, channels).float()
