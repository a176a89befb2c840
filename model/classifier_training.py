"""Stage 1: encoder and decoder learn to find synthetic defects (Alg. 1, step 1).

Shapes: B images, H x W pixels.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from model.config import TrainingConfig
from model.defects import DefectDrawer
from model.detector import prepared
from model.encoder import RANDOM, freeze_statistics
from model.network import Network
from model.pace import Pace, Progress, learning_rate
from model.variation import VariationRule, varied

Pixels = NDArray[np.uint8]
Label = NDArray[np.float32]
VIEWS = VariationRule(flips=True)
"""No picture is shown twice alike. Mirrored too: what a defect is does not depend on where it is."""
POOL = 128
"""Drawn defects kept for another use: 60 MB at 256 x 256."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Normalised pictures (B x 3 x H x W) and soft labels (B x H x W) of a batch."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class ClassifierTask:
    """What stage 1 learns from: good pictures, what draws on them, and synthetic defects on other good pictures."""

    images: list[Pixels]
    drawer: DefectDrawer
    validation: list[Examples]


class ClassifierTrainer:
    """Network, optimiser and the best state so far."""

    views = VIEWS

    def __init__(self, network: Network, config: TrainingConfig, encoder_weights: str, device: torch.device) -> None:
        self._network, self._config, self._device = network, config, device
        from_nothing = encoder_weights == RANDOM
        self._frozen_share = 0.0 if from_nothing else config.frozen_share
        self._rates = (config.decoder_rate, config.random_encoder_rate if from_nothing else config.encoder_rate)
        groups = [{"params": list(part.parameters())} for part in (network.decoder, network.encoder)]
        self._optimiser = torch.optim.AdamW(groups, lr=config.decoder_rate, weight_decay=1e-4, fused=True)
        self._best = (float("inf"), self._state())
        self._looks_since_best = 0
        self._pool: deque[tuple[Pixels, Label]] = deque(maxlen=POOL)

    def train(self, task: ClassifierTask, pace: Pace) -> Iterator[Progress]:
        """Steps until the pace is over or the validation no longer improves; leaves the best state in the network."""
        generator = np.random.default_rng([self._config.seed, 1])
        looks, step = 0, 0
        while (share := pace.share(step)) < 1:
            if share * self._config.validations >= looks + 1:
                looks = int(share * self._config.validations)
                if self._look(task.validation, share):
                    break
            loss = self._step(self._examples(task, generator), share)
            step += 1
            yield Progress("learning defects", share, loss, step * self._config.batch / len(task.images))
        self._look(task.validation, 1.0)
        self._network.load_state_dict(self._best[1], strict=False)
        self._network.eval()

    def _examples(self, task: ClassifierTask, generator: np.random.Generator) -> Examples:
        chosen = [int(index) for index in generator.integers(len(task.images), size=self._config.batch)]
        drawn = [self._example(task, index, generator) for index in chosen]
        return examples([varied(*one, self.views, generator) for one in drawn], self._network)

    def _example(self, task: ClassifierTask, index: int, generator: np.random.Generator) -> tuple[Pixels, Label]:
        seed = int(generator.integers(2**31))
        if generator.random() < self._config.good_share:
            return task.images[index], np.zeros(task.images[index].shape[:2], np.float32)
        if len(self._pool) == POOL and generator.random() < 1 - 1 / self._config.defect_uses:
            return self._pool[seed % POOL]
        defect = task.drawer.draw(index, seed)
        self._pool.append((defect.image, defect.label))
        return self._pool[-1]

    def _step(self, batch: Examples, share: float) -> float:
        frozen = share < self._frozen_share
        self._prepare(share, frozen)
        loss = self._loss(batch, frozen)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._network.decoder.parameters(), 1.0)
        torch.nn.utils.clip_grad_norm_(self._network.encoder.parameters(), 1.0)
        self._optimiser.step()
        return float(loss.detach())

    def _prepare(self, share: float, frozen: bool) -> None:
        self._network.encoder.requires_grad_(not frozen)
        self._network.decoder.train()
        self._network.encoder.train()
        if self._frozen_share:
            # An encoder that starts from nothing has no statistics worth keeping: it learns them along the way.
            freeze_statistics(self._network.encoder)
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * learning_rate(share)

    def _loss(self, batch: Examples, frozen: bool) -> Tensor:
        images_BCHW = batch.images.to(self._device).contiguous(memory_format=torch.channels_last)
        with mixed_precision(self._device):
            with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
                maps = self._network.encoder(images_BCHW)
            logits_BHW = self._network.decoder(maps)[:, 0]
        return binary_cross_entropy_with_logits(logits_BHW.float(), batch.labels.to(self._device))

    @torch.no_grad()
    def _look(self, validation: list[Examples], share: float) -> bool:
        """Measure, keep the state if it is the best; True where it is time to stop."""
        self._network.eval()
        loss = float(np.mean([float(self._loss(batch, frozen=True)) for batch in validation]))
        if loss < self._best[0]:
            self._best, self._looks_since_best = (loss, self._state()), 0
        else:
            self._looks_since_best += 1
        return share >= self._frozen_share and self._looks_since_best >= self._config.patience

    def _state(self) -> dict[str, Tensor]:
        state = self._network.state_dict()
        return {name: values.clone() for name, values in state.items() if not name.startswith("flows.")}


def examples(drawn: list[tuple[Pixels, Label]], network: Network) -> Examples:
    """Drawn pictures as a batch."""
    images_BCHW = prepared([image for image, _ in drawn], network.config)
    return Examples(images_BCHW, torch.from_numpy(np.stack([label for _, label in drawn])))


def mixed_precision(device: torch.device) -> torch.autocast:
    """bfloat16 where the processor multiplies it at least as fast as float32."""
    able = device.type == "cuda" or multiplies_bfloat16()
    return torch.autocast(device.type, torch.bfloat16, enabled=able)


def multiplies_bfloat16() -> bool:
    """Whether this processor has AVX512-BF16 or AMX."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())  # noqa: SLF001
