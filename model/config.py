"""What can be chosen about the network and its training; every number stands beside its reason."""

from dataclasses import dataclass, field
from math import inf, isfinite

from core.product import HIGHEST_SHARES, SIDE_STEP, SMALLEST_SIDE

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class Normalisation:
    """What the encoder's weights were trained with: per channel, of values in 0..1."""

    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def __post_init__(self) -> None:
        if len(self.mean) != 3 or len(self.std) != 3 or not all(map(isfinite, (*self.mean, *self.std))):
            raise ValueError(f"mean and std are three finite numbers each, got {self.mean} and {self.std}")
        if min(self.std) <= 0:
            raise ValueError(f"std must be positive, got {self.std}")


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """How the map A is finished and one number made of it.

    It is smoothed, bright spots that are too small are taken out, then its highest pixels are averaged. `smoothing`
    is a Gaussian's sigma as a share of the shorter side; `top_share` is the share of pixels averaged, 0 for the
    maximum alone; `minimum_area` is the share of pixels below which a spot is no spot, 0 to keep all. The paper's
    rule is 0, 0 and 0; it follows single bright pixels.
    """

    smoothing: float = 1 / 128
    top_share: float = 0.001
    minimum_area: float = 0.0

    def __post_init__(self) -> None:
        for name, highest in HIGHEST_SHARES.items():
            if not 0 <= getattr(self, name) <= highest:
                raise ValueError(f"{name} must be in 0..{highest}, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Everything the network's shape depends on."""

    encoder: str = "wide_resnet50_2"
    height: int = 256
    width: int = 256
    normalisation: Normalisation = field(default_factory=Normalisation)
    reflect: bool = False
    """Pad convolutions by reflection instead of zeros: a fifth slower on a CPU; see the README for what it gains."""
    flow_blocks: int = 6
    """The paper's."""
    flow_clamp: float = 1.9
    """CFlow-AD's: exp(+-1.9) per block is as far as one coupling may stretch."""
    flow_weights: tuple[float, float, float] = (1.0, 1.0, 0.5)
    """What each flow's map counts in N, finest first. Eq. 7 has 1 for all; the coarsest spreads wide around defects,
    and at half its weight AUPRO rose on every set it was tried on."""
    position_channels: int = 128
    """The paper's condition: 32 frequencies, each as sine and cosine, down and across."""

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            side = getattr(self, name)
            if side < SMALLEST_SIDE or side % SIDE_STEP:
                raise ValueError(f"{name} must be a multiple of {SIDE_STEP} of at least {SMALLEST_SIDE}, got {side}")
        if self.position_channels % 4:
            raise ValueError(f"position_channels must be a multiple of 4, got {self.position_channels}")
        if min(self.flow_weights) < 0 or not 0 < sum(self.flow_weights) < float("inf"):
            raise ValueError(f"flow_weights must not be negative nor all zero, got {self.flow_weights}")
        if self.flow_blocks < 1:
            raise ValueError(f"flow_blocks must be at least 1, got {self.flow_blocks}")


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How long and how fast both stages learn."""

    seed: int = 1
    passes: float = 9.0
    """Image passes of stage 1."""
    fewest_steps: int = 500
    """Steps of stage 1 whatever the number of images: on 26 images passes alone end far from convergence."""
    most_steps: int = 800
    """The same for large sets: more would find a little more, and no longer end within twelve minutes on two cores."""
    batch: int = 8
    """Images per step of stage 1: small, so that the time there is holds many steps."""
    decoder_rate: float = 2e-3
    """Adam's peak learning rate for the decoder, which starts from nothing."""
    encoder_rate: float = 1e-4
    """The same for an encoder that starts from ImageNet: more forgets what it knows."""
    random_encoder_rate: float = 2e-3
    """The same for an encoder that starts from nothing as well."""
    frozen_share: float = 0.3
    """Share of stage 1 in which only the decoder learns, so that its first wild gradients never reach the encoder. The
    paper has 0.85 of far more steps; here 0.7 gave a better classifier and worse flows, and a worse sum of both."""
    good_share: float = 0.2
    """Share of each batch shown without a defect: what the line sees nearly always."""
    defect_uses: float = 4.0
    """How often a drawn defect is shown on average (the paper's N_s, 2 to 5). Drawing one costs next to nothing, yet
    with new ones only the encoder got worse for the flows on every set it was tried on."""
    flow_passes: float = 2.5
    """Passes of stage 2 over all feature vectors."""
    fewest_flow_steps: int = 2000
    """Steps of stage 2 whatever the number of vectors."""
    most_flow_steps: int = 5000
    """The same for large sets."""
    flow_batch: int = 256
    """Vectors per step of the finest map's flow, the paper's number; half and a quarter of it for the coarser ones.
    Four times as many, four times less often, found clearly fewer defects in the same time."""
    flow_rate: float = 2e-3
    """Adam's peak learning rate of the flows. The paper's 2e-4 wants its 200 passes; 1e-3 is still slower."""
    fewest_views: int = 200
    """Pictures from which stage 2 learns; where there are fewer, slightly changed views of them are added."""
    feature_memory_mib: float = 4096.0
    """What the features of stage 2 may take in memory; more is mapped from a file in the temporary folder."""
    validation_images: int = 48
    """Synthetic defects on calibration images by which stage 1 keeps its best state."""
    validations: int = 10
    """How often stage 1 looks at them."""
    patience: int = 4
    """Looks without improvement after which stage 1 ends early."""
    minutes: float = 0.0
    """Time budget of both stages; 0 for none. With one, the result depends on the machine's speed."""
    flow_share: float = 0.45
    """Share of a time budget that belongs to stage 2."""
    false_reject_budget: float = 1 / 500
    """Share of good parts that may be rejected."""
    review_budget: float = 1 / 50
    """Share of good parts that a person may be asked about."""

    def __post_init__(self) -> None:
        if not (0 < self.passes < inf and 0 < self.flow_passes < inf) or self.batch < 1 or self.flow_batch < 2:
            raise ValueError(f"passes and batches must be positive and finite, got {self}")
        if not self.minutes >= 0:
            raise ValueError(f"minutes must not be negative, got {self.minutes}")
        for name in ("frozen_share", "false_reject_budget", "review_budget"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in 0..1, got {getattr(self, name)}")
        if not 1 <= self.defect_uses < inf:
            raise ValueError(f"defect_uses must be at least 1, got {self.defect_uses}")
