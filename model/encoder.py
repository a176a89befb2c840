"""The shared encoder: a timm backbone that gives three feature maps, and where its weights come from.

Shapes: B images, C channels, H x W positions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from core.errors import LineError
from model.config import Normalisation

STRIDES = (8, 16, 32)
HUB, RANDOM = "hub", "random"
BATCHES_FOR_STATISTICS = 8
CHANNELS_FIRST = "NCHW"
"""How timm calls maps as convolutions give them."""


class WeightsRefused(LineError):
    """These encoder weights cannot be used: name a safetensors file of this timm architecture, or `random`."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """A backbone ready to be trained, what its weights expect as input, and where they came from."""

    backbone: nn.Module
    normalisation: Normalisation
    source: str


def bare_backbone(name: str, reflect: bool, pretrained: bool = False) -> nn.Module:
    """A timm backbone whose forward pass yields maps at strides 8, 16 and 32.

    Raises:
        WeightsRefused: timm has no such architecture, its maps have no such strides or their channels last, or its
            weights cannot be fetched.
    """
    try:
        probe: Any = timm.create_model(name, features_only=True, pretrained=False)
        indices = tuple(probe.feature_info.reduction().index(stride) for stride in STRIDES)
        backbone: nn.Module = timm.create_model(name, features_only=True, out_indices=indices, pretrained=pretrained)
    except (RuntimeError, ValueError, OSError) as error:
        raise WeightsRefused(f"{name}: {str(error)[:200]}") from error
    if getattr(probe, "output_fmt", CHANNELS_FIRST) != CHANNELS_FIRST:
        raise WeightsRefused(f"{name} gives maps with their channels last")
    if reflect:
        pad_by_reflection(backbone)
    return backbone


def open_encoder(name: str, weights: str, reflect: bool, given: Normalisation | None = None) -> Encoder:
    """The backbone with weights from timm's hub (`hub`), from a safetensors file, or `random`.

    Its normalisation is the one given; else the one in the file's own metadata (`mean`, `std`); else timm's default
    for this architecture.

    Raises:
        WeightsRefused: They do not exist or do not fit.
    """
    if weights not in (HUB, RANDOM):
        return _from_file(name, Path(weights), reflect, given)
    backbone = bare_backbone(name, reflect, pretrained=weights == HUB)
    return Encoder(backbone, given or default_normalisation(name), weights)


def _from_file(name: str, path: Path, reflect: bool, given: Normalisation | None) -> Encoder:
    backbone = bare_backbone(name, reflect)
    tensors, metadata = read_weights(path)
    missing = [key for key in backbone.state_dict() if key not in tensors and not key.endswith("num_batches_tracked")]
    if missing:
        raise WeightsRefused(f"{path.name} lacks {len(missing)} tensors of {name}, first {missing[0]}")
    try:
        backbone.load_state_dict({key: tensors[key] for key in backbone.state_dict() if key in tensors}, strict=False)
    except RuntimeError as error:
        raise WeightsRefused(f"{path.name}: {str(error)[:200]}") from error
    return Encoder(backbone, given or _stated_normalisation(metadata) or default_normalisation(name), path.name)


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a safetensors file as float32, and its metadata.

    Raises:
        WeightsRefused: No such file, or not safetensors.
    """
    try:
        with safe_open(path, "pt") as stored:
            return {key: _as_float(stored.get_tensor(key)) for key in stored.keys()}, stored.metadata() or {}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise WeightsRefused(f"{path}: {error}") from error


def _as_float(values: Tensor) -> Tensor:
    return values.float() if values.is_floating_point() else values


def _stated_normalisation(metadata: dict[str, str]) -> Normalisation | None:
    if "mean" not in metadata or "std" not in metadata:
        return None
    return Normalisation(triple(metadata["mean"]), triple(metadata["std"]))


def triple(text: str) -> tuple[float, float, float]:
    """Three numbers from `0.5,0.5,0.5`.

    Raises:
        ValueError: There are not three.
    """
    red, green, blue = (float(number) for number in text.split(","))
    return red, green, blue


def default_normalisation(name: str) -> Normalisation:
    """What timm says its weights of this architecture were trained with."""
    stated: Any = timm.get_pretrained_cfg(name)
    return Normalisation(tuple(stated.mean), tuple(stated.std)) if stated else Normalisation()


def channels_of(backbone: Any) -> tuple[int, int, int]:
    """Channels of the three maps."""
    first, second, third = backbone.feature_info.channels()
    return first, second, third


def pad_by_reflection(network: nn.Module) -> None:
    """Let every padded convolution mirror its input at the border instead of setting it to zero."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and any(side != 0 for side in layer.padding):
            layer.padding_mode = "reflect"


def freeze_statistics(network: nn.Module) -> None:
    """Batch-norm layers use and keep their running statistics; their affine parameters still train."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()


@torch.no_grad()
def estimate_statistics(network: nn.Module, batches_BCHW: Iterable[Tensor]) -> None:
    """Set every batch-norm layer's running statistics to the plain average over these batches.

    Random weights come with the statistics 0 and 1, which fit nothing.
    """
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    network.train()
    for batch_BCHW in batches_BCHW:
        network(batch_BCHW)
    network.eval()
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum
