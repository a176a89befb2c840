"""What a training of the retrain station needs to know, as plain values: no torch, so that whoever asks needs none."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.regions import Regions


@dataclass(frozen=True, slots=True)
class Lesson:
    """Go on from the bundle in `start` with these pictures, and write a bundle to `out`.

    The network learns from `train`; thresholds and constants are taken on `calibrate`, without the regions of `ignore`.
    Passes are a budget.
    """

    start: str
    out: str
    train: Sequence[str]
    calibrate: Sequence[str]
    passes: float
    flow_passes: float
    false_reject_budget: float
    review_budget: float
    seed: int
    object_mask: str = "automatic"
    ignore: Regions = ()


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a first model begins with: a timm encoder and its weights (`hub`, `random` or a safetensors file).

    `minutes` are for both stages, 0 for as many as they need; `engine` is tried by the parity gate, empty for none.
    """

    encoder: str = "wide_resnet50_2"
    weights: str = "hub"
    minutes: float = 0.0
    engine: str = "auto"


@dataclass(frozen=True, slots=True)
class FirstLesson:
    """From this beginning learn from `train`, take thresholds and constants on `calibrate`, write to `out`.

    `input_height` and `input_width` are 0 for a size chosen from the pictures; of the score's shares None is the
    training's own default.
    """

    beginning: Beginning
    out: str
    train: Sequence[str]
    calibrate: Sequence[str]
    input_height: int
    input_width: int
    smoothing: float | None
    top_share: float | None
    minimum_area: float | None
    false_reject_budget: float
    review_budget: float
    seed: int
    object_mask: str = "automatic"
    ignore: Regions = ()
