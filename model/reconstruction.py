"""The ablation's other ways to come by an encoder for the flows: fine-tuned by pixelwise regression, or not at all.

The reconstruction network is the classifier without skip connections and with three channels: it learns to give the
good picture back from the one with a synthetic defect (Section IV-B of the paper, FE_REG). Everything else of stage
1, from learning rates to early stopping, is the classifier's own.

Shapes: B images, C channels, H x W pixels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from model.classifier_training import VIEWS, ClassifierTask, ClassifierTrainer, Examples, Label, mixed_precision
from model.decoder import Decoder
from model.defects import DefectDrawer, SyntheticDefect
from model.encoder import channels_of
from model.network import Network
from model.object_mask import Pixels
from model.pace import Pace, Progress
from model.training import Material


class ReconstructionDecoder(nn.Module):
    """The classifier's decoder fed by the deepest map alone; a picture in -1..1 comes out."""

    def __init__(self, channels: Sequence[int], reflect: bool) -> None:
        super().__init__()
        self.decoder = Decoder((0, 0, channels[2]), reflect)
        last: Any = self.decoder.output[-1]
        self.decoder.output[-1] = nn.Conv2d(last.in_channels, 3, 1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """B x 3 x H x W at the input's size: the skips are there, but without a channel."""
        fine_BCHW, middle_BCHW, coarse_BCHW = maps
        picture_BCHW: Tensor = self.decoder((fine_BCHW[:, :0], middle_BCHW[:, :0], coarse_BCHW))
        return picture_BCHW


def reconstruction_network(network: Network, seed: int) -> Network:
    """This network with the classifier replaced; the same seed gives the same."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        decoder = ReconstructionDecoder(channels_of(network.encoder), network.config.reflect)
    network.decoder = decoder  # type: ignore[assignment]
    return network


class RestoringDrawer(DefectDrawer):
    """Draws what another drawer draws on these images; the label (H x W x 3) is the good picture to be restored."""

    def __init__(self, drawer: DefectDrawer, images: Sequence[Pixels]) -> None:
        self._drawer, self._good = drawer, images

    def draw(self, index: int, seed: int) -> SyntheticDefect:
        """A defect on image `index`."""
        return replace(self._drawer.draw(index, seed), label=target_of(self._good[index]))


def restoring(material: Material) -> Material:
    """The same pictures in the same split, to be restored."""
    return replace(
        material,
        train_drawer=RestoringDrawer(material.train_drawer, material.train),
        calibration_drawer=RestoringDrawer(material.calibration_drawer, material.calibration),
    )


def target_of(picture: Pixels) -> NDArray[np.float32]:
    """The picture in -1..1."""
    return picture.astype(np.float32) / np.float32(127.5) - 1


class ReconstructionTrainer(ClassifierTrainer):
    """Stage 1 by regression. The light stays: a picture in other light is not what is to be given back."""

    views = replace(VIEWS, contrast=0.0, cast=0.0, brightness=0.0)

    def _example(self, task: ClassifierTask, index: int, generator: np.random.Generator) -> tuple[Pixels, Label]:
        image, label = super()._example(task, index, generator)
        # The label of a picture shown without a defect is H x W zeros: here it is to be given back as it is.
        return image, label if label.ndim == 3 else target_of(image)

    def _loss(self, batch: Examples, frozen: bool) -> Tensor:
        images_BCHW = batch.images.to(self._device).contiguous(memory_format=torch.channels_last)
        with mixed_precision(self._device):
            with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
                maps = self._network.encoder(images_BCHW)
            restored_BCHW = self._network.decoder(maps)
        return mse_loss(restored_BCHW.float(), batch.labels.to(self._device).permute(0, 3, 1, 2))


class NoTrainer(ClassifierTrainer):
    """No stage 1 at all: the encoder stays what it was."""

    def train(self, task: ClassifierTask, pace: Pace) -> Iterator[Progress]:  # noqa: ARG002  the promise of a trainer
        """Nothing to tell."""
        self._network.eval()
        yield from ()
