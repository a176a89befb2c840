"""Stage 2: the flows learn the density of good features (Alg. 1, step 2).

The encoder is fixed by now, so the features are constants: they are computed once, and the flows see shuffled
vectors of all images. The flows know nothing of each other: each learns in a thread of its own.

Shapes: N vectors or positions, C channels, P channels of the position code.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch
from torch import Tensor

from model.config import TrainingConfig
from model.feature_cache import Vectors
from model.flow import Flow, flow_loss
from model.network import Network
from model.pace import Pace, Progress, learning_rate

VALIDATION_VECTORS = 8192
LOOKS = 10
ROUND = 20
"""Steps that the flows make between two words of progress: about a second."""
LEVEL_SHARES = (1, 2, 4)
"""The batch of a coarser map is smaller by this: it has fewer vectors, and each costs more."""


class FlowTrainer:
    """One flow, its own optimiser and draw of vectors, and its best state so far."""

    def __init__(
        self, flow: Flow, codes_NP: Tensor, vectors: Vectors, validation: Vectors, config: TrainingConfig, batch: int
    ) -> None:
        self._flow, self._codes_NP, self._vectors, self._rate = flow, codes_NP, vectors, config.flow_rate
        self._batch = batch
        count = len(validation.positions)
        self._validation = validation.some(torch.arange(0, count, max(1, count // VALIDATION_VECTORS)))
        # The fused form is one call for all 48 small tensors: a fifth of a step's time is saved.
        self._optimiser = torch.optim.Adam(flow.parameters(), lr=config.flow_rate, fused=True)
        self._generator = torch.Generator().manual_seed(config.seed)
        self._best = (float("inf"), clone_of(flow))

    def steps(self, count: int, share: float) -> float:
        """So many steps on randomly chosen vectors; the last one's loss."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate * learning_rate(share)
        return [self._step() for _ in range(count)][-1]

    def _step(self) -> float:
        chosen_N = torch.randint(len(self._vectors.positions), (self._batch,), generator=self._generator)
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
    """Rounds of `ROUND` steps of all three flows until the pace is over."""
    trainers = flow_trainers(network, vectors, validation, config)
    looks, step = 0, 0
    with side_by_side(len(trainers)) as threads:
        while (share := pace.share(step)) < 1:
            if share * LOOKS >= looks + 1:
                looks = int(share * LOOKS)
                list(threads.map(FlowTrainer.look, trainers))
            count = min(ROUND, max(1, pace.steps - step))
            losses = list(threads.map(lambda trainer, c=count, s=share: trainer.steps(c, s), trainers))
            step += count
            passes = step * config.flow_batch / len(vectors[0].positions)
            yield Progress("learning density", share, sum(losses) / len(losses), passes)
    for trainer in trainers:
        trainer.finish()


def flow_trainers(
    network: Network, vectors: Sequence[Vectors], validation: Sequence[Vectors], config: TrainingConfig
) -> list[FlowTrainer]:
    """One trainer per flow."""
    device = next(network.parameters()).device
    batches = [max(2, config.flow_batch // part) for part in LEVEL_SHARES]
    parts = zip(network.flows, network.position_codes(), vectors, validation, batches, strict=True)
    return [FlowTrainer(flow, code.to(device), own, other, config, batch) for flow, code, own, other, batch in parts]  # type: ignore[arg-type]


@contextmanager
def side_by_side(count: int) -> Iterator[ThreadPoolExecutor]:
    """A thread per flow, and one core per thread: a step is too small to be worth sharing among cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(count) as threads:
            yield threads
    finally:
        torch.set_num_threads(before)


def clone_of(flow: Flow) -> dict[str, Tensor]:
    """A copy of the flow's state."""
    return {name: values.clone() for name, values in flow.state_dict().items()}
