"""CUDA graphs: the kernels of one pass, recorded once and then started all together, without Python between them.

Shapes: B images, C channels, H x W pixels.
"""

import torch
from torch import Tensor, nn

from model.engines.port import Graph, Outputs

WARM_UP_PASSES = 3
"""Before recording: cuDNN chooses its algorithms, and the allocator gets its memory."""


@torch.no_grad()
def capture(flat: nn.Module, images_BCHW: Tensor) -> Graph:
    """A graph for exactly as many images as these. Its answers are copies: the next pass writes into the same place."""
    place_BCHW = images_BCHW.clone()
    beside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(WARM_UP_PASSES):
            flat(place_BCHW)
    torch.cuda.current_stream().wait_stream(beside)
    recorded = torch.cuda.CUDAGraph()
    with torch.cuda.graph(recorded):
        outputs: tuple[Tensor, ...] = flat(place_BCHW)

    def run(images_BCHW: Tensor) -> Outputs:
        place_BCHW.copy_(images_BCHW, non_blocking=True)
        recorded.replay()
        return [values.clone() for values in outputs]

    return run


def on_device(images_BCHW: Tensor, device: torch.device) -> Tensor:
    """The images where the network is; to a GPU from pinned memory, so that the processor does not wait."""
    if device.type != "cuda":
        return images_BCHW.to(device)
    return images_BCHW.pin_memory().to(device, non_blocking=True)
