"""Speed and parity on a CUDA GPU: `python -m tests.benchmarks.gpu`. Exits 2 where there is none.

Random weights: neither speed nor rounding depends much on them. The last line is JSON. Pictures are made, resized and
normalised by threads of their own and copied from pinned memory beside the network, as a line would do it.

Shapes: B images, C channels, H x W pixels.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from core.verdict import Threshold
from model.config import NetworkConfig
from model.detector import prepared
from model.encoder import estimate_statistics
from model.engines.choice import EngineName, engine_named, reference
from model.engines.machine import this_machine
from model.engines.opening import Subject, compiled, eager, key_of, open_kept
from model.engines.port import Engine
from model.images import decode
from model.network import Network
from model.parity import Answers, compared
from model.scoring import normality

TARGET_IMAGES_PER_S = 1500
"""Of wide_resnet50_2 at batch 32 on a card of the H200's class."""
ENGINES = ("torch-cuda-float32", "torch-cuda-bfloat16", "inductor-cuda-bfloat16")
NO_GPU = 2
IN_FLIGHT = 4
"""Batches that are prepared ahead."""


def main() -> int:
    """Every engine in turn; 0 where the fastest that passes reaches the target, 1 where none does, 2 without a GPU."""
    arguments = parser().parse_args()
    if not torch.cuda.is_available():
        print("there is no CUDA GPU here: nothing was measured", file=sys.stderr)
        return NO_GPU
    torch.manual_seed(1)
    network = network_of(NetworkConfig(arguments.encoder))
    found = [measured(network, engine_named(name), arguments.batch, arguments.batches) for name in arguments.engines]
    for one in found:
        print(json.dumps(one), flush=True)
    passing = [one for one in found if one["passed"]]
    best = max(passing, key=lambda one: float(one["images_per_s"]), default=None)
    print(json.dumps({"gpu": torch.cuda.get_device_name(), "target": TARGET_IMAGES_PER_S, "best": best}))
    return 0 if best is not None and best["images_per_s"] >= TARGET_IMAGES_PER_S else 1


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    asked = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu", description=__doc__)
    asked.add_argument("--encoder", default="wide_resnet50_2")
    asked.add_argument("--batch", type=int, default=32)
    asked.add_argument("--batches", type=int, default=200, help="per measurement")
    asked.add_argument("--engines", nargs="+", default=ENGINES)
    return asked


def network_of(config: NetworkConfig) -> Network:
    """Random weights whose features are normalised, so that rounding is what it is in a trained network."""
    network = Network(config)
    estimate_statistics(network.encoder, [torch.randn(4, 3, config.height, config.width)])
    return network.eval()


def measured(network: Network, name: EngineName, batch: int, batches: int) -> dict[str, object]:
    """Parity with the CPU's float32, and images per second: of the network alone, and from encoded pictures on."""
    device = torch.device("cuda")
    engine = engine_on_gpu(network, name, batch, device)
    pictures = [png(seed) for seed in range(batch)]
    images_BCHW = prepared([decode(content).pixels for content in pictures], network.config)
    gate = parity(network, engine, images_BCHW[: min(8, batch)], device)
    return gate | {
        "engine": str(name),
        "batch": batch,
        "images_per_s": round(rate(steadily(engine, images_BCHW.to(device), batches), batch, batches), 1),
        "images_per_s_from_png": round(rate(from_png(engine, pictures, network.config, batches), batch, batches), 1),
        "peak_gpu_mib": torch.cuda.max_memory_allocated() // 2**20,
    }


def engine_on_gpu(network: Network, name: EngineName, batch: int, device: torch.device) -> Engine:
    """A copy of the network, run by this engine."""
    copied = Network(network.config)
    copied.load_state_dict(network.state_dict())
    subject = Subject(copied.eval().to(device), network.config, device)
    if not name.needs_compiling:
        return eager(name, subject)
    key = replace(key_of(name, "0" * 64, this_machine()), sizes=(batch,))
    with tempfile.TemporaryDirectory() as place:
        return open_kept(compiled(Path(place), key, subject), key, device)


def parity(network: Network, engine: Engine, images_BCHW: Tensor, device: torch.device) -> dict[str, object]:
    """The gate's own comparison, with thresholds at the quartiles of the CPU's scores."""
    cpu = Subject(network.cpu(), network.config, torch.device("cpu"))
    right = answers(eager(reference("cpu"), cpu), images_BCHW)
    found = answers(engine, images_BCHW.to(device))
    low, high = np.quantile(right.scores, [0.5, 0.75])
    gate = compared(right, found, Threshold(float(low), float(high)), engine.name)
    return {
        "error": gate.error,
        "bound": gate.bound,
        "decisions_changed": gate.decisions_changed,
        "passed": gate.passed,
    }


@torch.no_grad()
def answers(engine: Engine, images_BCHW: Tensor) -> Answers:
    """Maps A with n_max = 0 and w = 1, and their maxima."""
    raw = engine(images_BCHW)
    size = (images_BCHW.shape[2], images_BCHW.shape[3])
    maps_BHW = raw.classified - normality(raw.log_likelihoods, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), size)
    maps = tuple(maps_BHW.float().cpu().numpy())
    return Answers(maps, tuple(float(values.max()) for values in maps))


def rate(passes: Iterator[None], batch: int, batches: int) -> float:
    """Images per second after a tenth of the batches to warm up."""
    warm = max(3, batches // 10)
    for _ in range(warm):
        next(passes)
    torch.cuda.synchronize()
    began = time.perf_counter()
    done = sum(1 for _ in passes)
    torch.cuda.synchronize()
    return done * batch / (time.perf_counter() - began)


@torch.no_grad()
def steadily(engine: Engine, images_BCHW: Tensor, batches: int) -> Iterator[None]:
    """The same batch again and again, its answers left on the GPU."""
    for _ in range(batches + max(3, batches // 10)):
        engine(images_BCHW)
        yield


@torch.no_grad()
def from_png(engine: Engine, pictures: list[bytes], config: NetworkConfig, batches: int) -> Iterator[None]:
    """Decoded ahead by threads, copied from pinned memory without waiting, answers copied back one batch late."""
    device, total = torch.device("cuda"), batches + max(3, batches // 10)
    with ThreadPoolExecutor() as decoders:
        ahead = [decoders.submit(pinned, pictures, config) for _ in range(min(IN_FLIGHT, total))]
        for i in range(total):
            images_BCHW = ahead.pop(0).result().to(device, non_blocking=True)
            if i + IN_FLIGHT < total:
                ahead.append(decoders.submit(pinned, pictures, config))
            raw = engine(images_BCHW)
            raw.classified.to("cpu", non_blocking=True)
            yield


def pinned(pictures: list[bytes], config: NetworkConfig) -> Tensor:
    """A batch of encoded pictures as the network's input, where the GPU can fetch it by itself."""
    return prepared([decode(content).pixels for content in pictures], config).pin_memory()


def png(seed: int, side: int = 256) -> bytes:
    """A picture with something in it, encoded."""
    noise = np.random.default_rng(seed).integers(0, 255, (side // 8, side // 8, 3), dtype=np.uint8)
    grown = cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    return bytes(cv2.imencode(".png", grown)[1])


if __name__ == "__main__":
    sys.exit(main())
