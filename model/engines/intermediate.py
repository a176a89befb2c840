"""Graphs run by OpenVINO, an optional library: exported once, read in seconds, compiled for the processor in memory.

Every batch size is a graph of its own: a graph for any number of images does not survive the conversion.

Shapes: B images, C channels, H x W pixels.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model.engines.port import Flat, Graph, Outputs
from model.network import InferenceNetwork

SUFFIX = ".xml"
PRECISION = {"float32": "f32", "bfloat16": "bf16"}


@torch.no_grad()
def export_graph(network: InferenceNetwork, images_BCHW: Tensor, path: Path) -> None:
    """Write the graph, for as many images of this size, with its weights unrounded."""
    import openvino

    exported = torch.export.export(Flat(network).eval(), (images_BCHW,))
    openvino.save_model(openvino.convert_model(exported), path, compress_to_fp16=False)


def open_graph(path: Path, numbers: str, threads: int) -> Graph:
    """The graph that was written there."""
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    hints = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": PRECISION[numbers],
        "ENABLE_CPU_PINNING": False,
    }
    return _graph(core.compile_model(model, "CPU", hints))


def _graph(compiled: Any) -> Graph:
    """The answer is copied: OpenVINO writes the next one into the same place."""
    request = compiled.create_infer_request()

    def run(images_BCHW: Tensor) -> Outputs:
        found = request.infer({0: images_BCHW.contiguous().numpy()}, share_inputs=True, share_outputs=True)
        return [torch.from_numpy(values.copy()) for values in found.to_tuple()]

    return run
