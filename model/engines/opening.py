"""From a network and an engine's name to an engine that runs it; and the making of kept graphs."""

import copy
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from inspect import getsource
from pathlib import Path

import torch
from torch import Tensor

from model import decoder, encoder, flow, fused_flow, positions
from model import network as whole_network
from model.config import NetworkConfig
from model.engines import inductor, intermediate, port
from model.engines.captured import capture
from model.engines.choice import BATCH, EngineName, Machine
from model.engines.kept import GraphKey, keep_graph, kept_graph
from model.engines.port import EagerEngine, Engine, Flat, GraphEngine
from model.network import InferenceNetwork, Network

SIZES = {"cpu": (1, BATCH), "cuda": (1, BATCH, 32)}
"""Graph sizes per device: one for a lone part, one that fills the processor."""
MADE_FROM = (whole_network, encoder, decoder, flow, fused_flow, positions, port, inductor, intermediate)
"""Modules whose code a kept graph has within it: one that other code made is made anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A network that is to be run, where, and what its size is."""

    network: Network
    config: NetworkConfig
    device: torch.device

    def inference(self, name: EngineName) -> InferenceNetwork:
        """Its inference form in this engine's numbers; the trained network itself stays as it is.

        OpenVINO rounds by itself, so it gets float32 always.
        """
        rounded = name.numbers == "bfloat16" and name.library != "openvino"
        network = copy.deepcopy(self.network) if rounded else self.network
        inference = InferenceNetwork(network.to(self.device).to(memory_format=torch.channels_last))
        return inference.bfloat16() if rounded else inference

    def example(self, size: int) -> Tensor:
        """Images of the right shape."""
        return torch.zeros(size, 3, self.config.height, self.config.width, device=self.device)


def key_of(name: EngineName, bundle_sha256: str, machine: Machine) -> GraphKey:
    """Under which a graph of this bundle is kept on such a machine."""
    library = "openvino" if name.library == "openvino" else "torch"
    made_by = f"{library}{version(library)}-{code_of_graphs()}"
    return GraphKey(bundle_sha256, name, made_by, machine.capability, SIZES[name.device])


def code_of_graphs() -> str:
    """Names the code that graphs are made from."""
    return sha256("".join(map(getsource, MADE_FROM)).encode()).hexdigest()[:8]


def eager(name: EngineName, subject: Subject) -> Engine:
    """An engine that needs no compiling; on a GPU its kernels are recorded, but for the reference's."""
    network = subject.inference(name)
    if name.device == "cpu" or name.is_exact:
        return EagerEngine(name, network)
    return GraphEngine(name, {size: capture(Flat(network), subject.example(size)) for size in SIZES[name.device]})


def compiled(graphs: Path, key: GraphKey, subject: Subject) -> Path:
    """The folder of a kept graph, made now where it is not there: takes up to minutes."""
    return keep_graph(graphs, key, lambda folder: write_graph(key, subject, folder))


def write_graph(key: GraphKey, subject: Subject, folder: Path) -> None:
    """Make the graphs of every size."""
    network = subject.inference(key.engine)
    for size in key.sizes:
        if key.engine.library == "openvino":
            intermediate.export_graph(network, subject.example(size), folder / f"{size}{intermediate.SUFFIX}")
        else:
            inductor.compile_graph(network, subject.example(size), folder / f"{size}{inductor.SUFFIX}")


def open_kept(folder: Path, key: GraphKey, device: torch.device) -> GraphEngine:
    """The engine of a kept graph."""
    if key.engine.library == "openvino":
        numbers, threads = key.engine.numbers, torch.get_num_threads()
        paths = {size: folder / f"{size}{intermediate.SUFFIX}" for size in key.sizes}
        graphs = {size: intermediate.open_graph(path, numbers, threads) for size, path in paths.items()}
    else:
        graphs = {size: inductor.open_graph(folder / f"{size}{inductor.SUFFIX}", device) for size in key.sizes}
    return GraphEngine(key.engine, graphs)


def ready_engine(name: EngineName, subject: Subject, key: GraphKey, graphs: Path) -> Engine | None:
    """The engine, unless its graph has yet to be compiled."""
    if not name.needs_compiling:
        return eager(name, subject)
    folder = kept_graph(graphs, key)
    return None if folder is None else open_kept(folder, key, subject.device)
