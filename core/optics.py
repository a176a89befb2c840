"""What a camera's pictures usually look like, and when one is too far from it to be judged. Pure."""

from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any, Self

from core.verdict import ErrorReason


@dataclass(frozen=True, slots=True)
class Optics:
    """One picture, measured.

    `exposure` is its light as a share of the reference's; `contrast` the span of its grey values (0..1) on the
    large scale, without the darkest and the lightest tenth; `sharpness` how much neighbouring pixels differ, as a share
    of the spread of all;
    `shift` how far it lies from the reference, as a share of its sides. A defect, which is small, changes none of
    them by much.
    """

    sharpness: float
    exposure: float
    contrast: float
    shift: float

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not (isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be finite and not negative, got {value}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is still usual, both ends included; None for an end that is no fault to leave, as to be too sharp."""

    low: float | None
    high: float | None

    def __post_init__(self) -> None:
        ends = [end for end in (self.low, self.high) if end is not None]
        if not all(isfinite(end) for end in ends) or ends != sorted(ends):
            raise ValueError(f"limits must be finite and in order, got {self.low} and {self.high}")

    def __str__(self) -> str:
        told = [f"at least {self.low:.3g}"] if self.low is not None else []
        return " and ".join([*told, f"at most {self.high:.3g}"] if self.high is not None else told)


@dataclass(frozen=True, slots=True)
class OpticsCheck:
    """The baseline of one camera for one product.

    `usual` is the median of the good frames, `frames` how many there were; `reference` is their mean as a small grey
    PNG, by which the shift is measured.
    """

    usual: Optics
    sharpness: Limits
    exposure: Limits
    contrast: Limits
    shift: Limits
    frames: int
    reference: bytes

    def with_limit(self, name: str, low: float | None, high: float | None) -> Self:
        """The same with one pair of limits changed; None leaves an end as it is.

        Raises:
            ValueError: There is no such measurement or end, or the ends are not in order.
        """
        if name not in MEASURED:
            raise ValueError(f"{name} is not measured; it is one of {', '.join(MEASURED)}")
        if (low is not None and name not in TOO_LOW) or (high is not None and name not in TOO_HIGH):
            raise ValueError(f"{name} has no such end: to leave it there is no fault")
        old: Limits = getattr(self, name)
        ends = Limits(old.low if low is None else low, old.high if high is None else high)
        return replace(self, **{name: ends})  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Any]:
        """All but the reference, as plain JSON values."""
        values = asdict(self)
        del values["reference"]
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any], reference: bytes) -> Self:
        """What `to_json` gave, and its reference."""
        limits = {name: Limits(**values[name]) for name in MEASURED}
        return cls(usual=Optics(**values["usual"]), frames=values["frames"], reference=reference, **limits)


@dataclass(frozen=True, slots=True)
class OpticsFault:
    """Why a picture is not fit to be judged; `detail` holds the numbers."""

    reason: ErrorReason
    detail: str


MEASURED = ("exposure", "sharpness", "contrast", "shift")
"""In the order in which they explain each other: what is dark has little contrast, and what is blurred has less."""

TOO_LOW = {
    "exposure": ErrorReason.TOO_DARK,
    "contrast": ErrorReason.TOO_FLAT,
    "sharpness": ErrorReason.OUT_OF_FOCUS,
}
TOO_HIGH = {"exposure": ErrorReason.TOO_BRIGHT, "shift": ErrorReason.OUT_OF_PLACE}
"""More contrast or more detail than usual is what a defect looks like: that is for the model to judge."""


def fault_of(seen: Optics, check: OpticsCheck) -> OpticsFault | None:
    """The first fault that explains the picture, or None where it may be judged."""
    for name in MEASURED:
        value, limits = getattr(seen, name), getattr(check, name)
        reason = _reason(name, value, limits)
        if reason is not None:
            told = f"{name} {value:.3g}, usual {getattr(check.usual, name):.3g}, {limits}"
            return OpticsFault(reason, told)
    return None


def _reason(name: str, value: float, limits: Limits) -> ErrorReason | None:
    if limits.low is not None and value < limits.low:
        return TOO_LOW[name]
    if limits.high is not None and value > limits.high:
        return TOO_HIGH[name]
    return None
