"""Graphs compiled by torch's inductor ahead of time, with frozen weights: made once, then opened without a compiler.

Shapes: B images, C channels, H x W pixels.
"""

from pathlib import Path

import torch
from torch import Tensor
from torch._inductor import aoti_compile_and_package, aoti_load_package

from model.engines.port import Flat, Graph
from model.network import InferenceNetwork

SUFFIX = ".pt2"
OPTIONS = {"freezing": True, "layout_optimization": True, "cpp.dynamic_threads": True}
"""Weights are constants: batch norm goes into convolutions, weights are packed for the processor. A graph uses the
threads of the process that runs it, not the one thread of the process that compiled it beside the line."""


@torch.no_grad()
def compile_graph(network: InferenceNetwork, images_BCHW: Tensor, path: Path) -> None:
    """Write a graph for exactly as many images as these."""
    exported = torch.export.export(Flat(network).eval(), (images_BCHW,))
    aoti_compile_and_package(exported, package_path=str(path), inductor_configs=dict(OPTIONS))


def open_graph(path: Path, device: torch.device) -> Graph:
    """The graph that was written there."""
    graph: Graph = aoti_load_package(str(path), device_index=(device.index or 0) if device.type == "cuda" else -1)
    return graph
