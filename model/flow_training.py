"""Stage 2: the flows learn the density of good features (Alg. 1, step 2).

The encoder is fixed by now, so the features are constants: they are computed once, and the flows see shuffled
vectors of all images.

Shapes: B images, N vectors or positions, C channels, P channels of the position code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.config import TrainingConfig
from model.detector import prepared
from model.flow import Flow, flow_loss
from model.network import Network, vectors_of
from model.pace import Pace, Progress, learning_rate

FEATURE_BATCH = 8
KEPT_VECTORS = 600_000
"""Vectors kept per map, drawn evenly from all images beyond that: 80 MB at 32 channels, 1.2 GB at 512."""
VALIDATION_VECTORS = 8192
LOOKS = 10
LEVEL_SHARES = (1, 2, 4)
"""The batch of a coarser map is smaller by this: it has fewer vectors, and each costs more."""


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """Feature vectors of one map (N x C), and the number of the position where each stood (N)."""

    vectors: Tensor
    positions: Tensor

    def some(self, chosen_N: Tensor) -> "Vectors":
        """The chosen ones."""
        return Vectors(self.vectors[chosen_N], self.positions[chosen_N])


@torch.no_grad()
def features_of(images: Sequence[NDArray[np.uint8]], network: Network, device: torch.device) -> list[Vectors]:
    """The vectors of all three maps of these pictures, by the encoder as it is."""
    network.eval()
    generator = torch.Generator().manual_seed(len(images))
    collected: list[list[Vectors]] = [[], [], []]
    for start in range(0, len(images), FEATURE_BATCH):
        batch_BCHW = prepared(images[start : start + FEATURE_BATCH], network.config).to(device)
        maps = network.encoder(batch_BCHW.contiguous(memory_format=torch.channels_last))
        for level, features_BCHW in zip(collected, maps, strict=True):
            level.append(thinned(vectors_of(features_BCHW).cpu(), len(images), generator))
    return [joined(level) for level in collected]


def thinned(vectors_BNC: Tensor, images: int, generator: torch.Generator) -> Vectors:
    """All vectors of some images where those of all images fit; else as many of each as fit, chosen at random."""
    batch, positions, channels = vectors_BNC.shape
    kept = min(positions, max(1, KEPT_VECTORS // images))
    order_BN = torch.stack([torch.randperm(positions, generator=generator)[:kept].sort().values for _ in range(batch)])
    chosen_BNC = vectors_BNC.gather(1, order_BN[:, :, None].expand(batch, kept, channels))
    return Vectors(chosen_BNC.reshape(-1, channels), order_BN.reshape(-1))


def joined(parts: list[Vectors]) -> Vectors:
    """The vectors of several batches in one row."""
    vectors_NC = torch.cat([part.vectors for part in parts])
    return Vectors(vectors_NC, torch.cat([part.positions for part in parts]))


class FlowTrainer:
    """One flow, its own optimiser, and its best state so far."""

    def __init__(self, flow: Flow, codes_NP: Tensor, vectors: Vectors, validation: Vectors, rate: float) -> None:
        self._flow, self._codes_NP, self._vectors, self._rate = flow, codes_NP, vectors, rate
        count = len(validation.positions)
        self._validation = validation.some(torch.arange(0, count, max(1, count // VALIDATION_VECTORS)))
        self._optimiser = torch.optim.Adam(flow.parameters(), lr=rate)
        self._best = (float("inf"), clone_of(flow))

    def step(self, batch: int, share: float, generator: torch.Generator) -> float:
        """One step on randomly chosen vectors; its loss."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate * learning_rate(share)
        chosen_N = torch.randint(len(self._vectors.positions), (batch,), generator=generator)
        loss = self._loss(self._vectors.some(chosen_N))
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._flow.parameters(), 1.0)
        self._optimiser.step()
        return float(loss.detach())

    @torch.no_grad()
    def look(self) -> None:
        """Keep this state if it explains the validation vectors best."""
        loss = float(self._loss(self._validation))
        if loss < self._best[0]:
            self._best = (loss, clone_of(self._flow))

    def finish(self) -> None:
        """Leave the best state in the flow."""
        self.look()
        self._flow.load_state_dict(self._best[1])
        self._flow.eval()

    def _loss(self, vectors: Vectors) -> Tensor:
        device = self._codes_NP.device
        return flow_loss(self._flow(vectors.vectors.to(device), self._codes_NP[vectors.positions.to(device)]))


def train_flows(
    network: Network, vectors: list[Vectors], validation: list[Vectors], config: TrainingConfig, pace: Pace
) -> Iterator[Progress]:
    """Steps of all three flows in turn until the pace is over."""
    generator = torch.Generator().manual_seed(config.seed)
    device = next(network.parameters()).device
    parts = zip(network.flows, network.position_codes(), vectors, validation, strict=True)
    trainers = [FlowTrainer(flow, code.to(device), own, other, config.flow_rate) for flow, code, own, other in parts]  # type: ignore[arg-type]
    batches = [max(2, config.flow_batch // part) for part in LEVEL_SHARES]
    looks, step = 0, 0
    while (share := pace.share(step)) < 1:
        if share * LOOKS >= looks + 1:
            looks = int(share * LOOKS)
            for trainer in trainers:
                trainer.look()
        losses = [trainer.step(batch, share, generator) for trainer, batch in zip(trainers, batches, strict=True)]
        yield Progress("learning density", share, sum(losses) / 3)
        step += 1
    for trainer in trainers:
        trainer.finish()


def clone_of(flow: Flow) -> dict[str, Tensor]:
    """A copy of the flow's state."""
    return {name: values.clone() for name, values in flow.state_dict().items()}
