"""The letter of a bundle: everything about a trained network but its tensors. Plain values, no torch."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import BundleRefused
from core.frame import SHA256, check_match
from core.verdict import Threshold
from model.config import NetworkConfig, Normalisation, ScoreRule
from model.framing import Framing
from model.look import Look

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Training:
    """Where a bundle came from: enough to say what it saw and to do it again."""

    images: int
    calibration_images: int
    images_sha256: str
    encoder_weights: str
    textures: str
    seed: int
    passes: float
    flow_passes: float
    warm_start: str
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Parity:
    """What the parity gate found about one engine, at the end of training over all calibration pictures.

    `bound` and `error` are shares of the map's range: accepted and found.
    """

    engine: str
    bound: float
    error: float
    decisions_changed: int
    images: int
    passed: bool

    def __post_init__(self) -> None:
        if self.bound <= 0 or self.error < 0 or not 0 <= self.decisions_changed <= self.images:
            raise ValueError(f"not a result of the parity gate: {self}")


@dataclass(frozen=True, slots=True)
class Letter:
    """Settings, frozen constants and provenance of a bundle.

    `likeliest`, `most_normal` and `weight` are the constants of `scoring.ScoreConstants`; `typical_pixel` is the
    median of the map A on good parts, where a display may begin its colours; `calibration_scores` are the scores of
    good parts that training never saw, from which the threshold was fitted; `parity` is None where no gate was run;
    `look` is how the pooled features of those parts scatter, None in a bundle from before that was kept.
    """

    network: NetworkConfig
    framing: Framing
    likeliest: tuple[float, float, float]
    most_normal: float
    weight: float
    score_rule: ScoreRule
    threshold: Threshold
    threshold_reasons: tuple[str, ...]
    calibration_scores: tuple[float, ...]
    typical_pixel: float
    training: Training
    weights_sha256: str
    parity: Parity | None = None
    look: Look | None = None

    def __post_init__(self) -> None:
        check_match("weights_sha256", SHA256, self.weights_sha256)
        if not self.framing.fits(self.network):
            raise ValueError(f"tiles of {self.framing} are no inputs of {self.network}")


def to_json(letter: Letter) -> str:
    """The letter as indented JSON with sorted keys: the same letter gives the same bytes."""
    return json.dumps({"format": FORMAT, **asdict(letter)}, indent=1, sort_keys=True) + "\n"


def from_json(text: str) -> Letter:
    """The letter that `to_json` wrote.

    Raises:
        BundleRefused: It is not one, or of a newer format.
    """
    try:
        stored = json.loads(text)
        if stored.pop("format") != FORMAT:
            raise BundleRefused(f"bundle.json is not of format {FORMAT}")
        return _letter(stored)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BundleRefused(f"bundle.json: {type(error).__name__} {str(error)[:200]}") from error


def _letter(stored: dict[str, Any]) -> Letter:
    network = _network(stored["network"])
    first, second, third = map(float, stored["likeliest"])
    return Letter(
        **{
            **stored,
            "network": network,
            "framing": _framing(stored.get("framing"), network),
            "likeliest": (first, second, third),
            **{name: float(stored[name]) for name in ("most_normal", "weight", "typical_pixel")},
            "score_rule": ScoreRule(**stored["score_rule"]),
            "threshold": Threshold(**stored["threshold"]),
            "threshold_reasons": tuple(map(str, stored["threshold_reasons"])),
            "calibration_scores": tuple(map(float, stored["calibration_scores"])),
            "training": Training(**stored["training"]),
            "parity": Parity(**stored["parity"]) if stored.get("parity") else None,
            "look": _look(stored["look"]) if stored.get("look") else None,
        }
    )


def _look(stored: dict[str, list[float]]) -> Look:
    return Look(**{name: tuple(map(float, values)) for name, values in stored.items()})


def _network(stored: dict[str, Any]) -> NetworkConfig:
    normalisation = {name: tuple(numbers) for name, numbers in stored["normalisation"].items()}
    # Bundles from before flows had weights took each at its full weight.
    first, second, third = map(float, stored.get("flow_weights", (1.0, 1.0, 1.0)))
    given = {"normalisation": Normalisation(**normalisation), "flow_weights": (first, second, third)}
    return NetworkConfig(**{**stored, **given})


def _framing(stored: dict[str, int] | None, network: NetworkConfig) -> Framing:
    """As stored; bundles from before there were tiles scale every picture to the network's input."""
    return Framing.whole(network.height, network.width) if stored is None else Framing(**stored)
