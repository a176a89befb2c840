"""Images per second of the whole network, plain and fast. Random weights: speed does not depend on them.

Shapes: B images, C channels, H x W pixels, N positions.
"""

import copy
import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from torch import Tensor

from model.config import NetworkConfig
from model.engines.choice import Choice, EngineName, Machine, chosen, runnable
from model.engines.machine import this_machine
from model.engines.opening import Subject, compiled, eager, key_of, open_kept
from model.engines.port import Engine
from model.network import Network, vectors_of
from model.pace import Seconds
from model.scoring import normality

EQUALLY = (1.0, 1.0, 1.0)
PAPER_VECTORS = 256
"""Vectors per call of a flow in the reference."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is timed: a network, images per batch, paired runs, and where."""

    network: NetworkConfig
    batch: int
    pairs: int
    device: torch.device

    def __post_init__(self) -> None:
        if self.batch < 1 or self.pairs < 1:
            raise ValueError(f"batch and pairs must be at least 1, got {self.batch} and {self.pairs}")


@dataclass(frozen=True, slots=True)
class Speed:
    """Images per second of both paths, and the median of how many times faster the engine was in each pair."""

    engine: EngineName
    plain: float
    fast: float
    ratio: float

    def line(self) -> str:
        """For a table."""
        return f"{self.engine!s:24} {self.fast:8.2f} images/s, plain {self.plain:8.2f}, {self.ratio:5.2f} times"

    def summary(self, trial: Trial) -> dict[str, object]:
        """For a program."""
        return {
            "plain_images_per_s": round(self.plain, 3),
            "images_per_s": round(self.fast, 3),
            "ratio": round(self.ratio, 3),
            "engine": str(self.engine),
            "encoder": trial.network.encoder,
            "batch": trial.batch,
        }


def engines_to_try(machine: Machine, device: str, wanted: str) -> list[Choice]:
    """The one that is wanted, or for `all` every one that runs here."""
    if wanted != "all":
        return [chosen(machine, device, wanted)]
    return [chosen(machine, device, str(name)) for name in runnable(machine, device)]


@torch.no_grad()
def plain_pass(network: Network, images_BCHW: Tensor) -> Tensor:
    """The whole network as the paper runs it: N of Eq. 7 plus A_p, flows by FrEIA, 256 vectors at a time."""
    maps = network.encoder(images_BCHW)
    classified_BHW = torch.sigmoid(network.decoder(maps))[:, 0]
    parts = zip(network.flows, network.position_codes(), maps, strict=True)
    first, second, third = (_plain_map(flow, code, values) for flow, code, values in parts)
    size = (network.config.height, network.config.width)
    return normality((first, second, third), (0.0, 0.0, 0.0), EQUALLY, size) + classified_BHW


def _plain_map(flow: torch.nn.Module, code_NP: Tensor, features_BCHW: Tensor) -> Tensor:
    batch, channels, height, width = features_BCHW.shape
    vectors_NC = vectors_of(features_BCHW).view(-1, channels)
    codes_NP = code_NP.to(features_BCHW).repeat(batch, 1)
    pieces = zip(vectors_NC.split(PAPER_VECTORS), codes_NP.split(PAPER_VECTORS), strict=True)  # type: ignore[no-untyped-call]
    log_likelihood_N: Tensor = torch.cat([flow(vectors, codes) for vectors, codes in pieces])
    return log_likelihood_N.reshape((batch, height, width))


@torch.no_grad()
def fast_pass(engine: Engine, images_BCHW: Tensor) -> Tensor:
    """The same by an engine that serves the line."""
    raw = engine(images_BCHW)
    size = (images_BCHW.shape[2], images_BCHW.shape[3])
    return normality(raw.log_likelihoods, (0.0, 0.0, 0.0), EQUALLY, size) + raw.classified


def measure(trial: Trial, name: EngineName, clock: Seconds) -> Speed:
    """Time both paths in turn on the same random images, after one pass of each to warm up."""
    network = Network(trial.network).eval()
    images_BCHW = torch.randn(trial.batch, 3, trial.network.height, trial.network.width).to(trial.device)
    with tempfile.TemporaryDirectory() as place:
        engine = _engine(Subject(network, trial.network, trial.device), name, trial.batch, Path(place))
    plain_network = network.to(trial.device).to(memory_format=torch.contiguous_format)
    pairs = _pairs(
        lambda: plain_pass(plain_network, images_BCHW), lambda: fast_pass(engine, images_BCHW), trial.pairs, clock
    )
    return speed_of(name, pairs, trial.batch)


def _engine(subject: Subject, name: EngineName, batch: int, place: Path) -> Engine:
    """Compiled for this trial alone where it needs that: no bundle has such a network."""
    if not name.needs_compiling:
        return eager(name, dataclasses.replace(subject, network=copy.deepcopy(subject.network)))
    key = dataclasses.replace(key_of(name, "0" * 64, this_machine()), sizes=(batch,))
    return open_kept(compiled(place, key, subject), key, subject.device)


def _pairs(
    plain: Callable[[], Tensor], fast: Callable[[], Tensor], count: int, clock: Seconds
) -> list[tuple[float, float]]:
    """Seconds of either path, one after the other, so that whatever slows the machine slows both."""
    _seconds(plain, clock)
    _seconds(fast, clock)
    return [(_seconds(plain, clock), _seconds(fast, clock)) for _ in range(count)]


def _seconds(run: Callable[[], Tensor], clock: Seconds) -> float:
    """Until the answer's sum is known, which a GPU cannot tell earlier."""
    began = clock()
    float(run().sum())
    return clock() - began


def speed_of(name: EngineName, pairs: Sequence[tuple[float, float]], batch: int) -> Speed:
    """Medians over pairs of seconds: of either path's speed, and of the ratio within each pair."""
    plain, fast = (batch / median(column) for column in zip(*pairs, strict=True))
    return Speed(name, plain, fast, median(slow / quick for slow, quick in pairs))
