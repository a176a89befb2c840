"""A picture outside its camera's limits has one fault with its numbers; whatever is only a defect has none."""

from dataclasses import replace

import pytest

from core.optics import Limits, Optics, OpticsCheck, fault_of
from core.verdict import ErrorReason

USUAL = Optics(sharpness=0.5, exposure=1.0, contrast=0.4, shift=0.002)
CHECK = OpticsCheck(
    USUAL,
    sharpness=Limits(0.4, None),
    exposure=Limits(0.9, 1.1),
    contrast=Limits(0.3, None),
    shift=Limits(None, 0.01),
    frames=100,
    reference=b"png",
)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (USUAL, None),
        (Optics(0.4, 0.9, 0.3, 0.01), None),
        (Optics(5.0, 1.1, 0.9, 0.0), None),
        (replace(USUAL, exposure=0.89), ErrorReason.TOO_DARK),
        (replace(USUAL, exposure=1.11), ErrorReason.TOO_BRIGHT),
        (replace(USUAL, contrast=0.2), ErrorReason.TOO_FLAT),
        (replace(USUAL, sharpness=0.3), ErrorReason.OUT_OF_FOCUS),
        (replace(USUAL, shift=0.02), ErrorReason.OUT_OF_PLACE),
    ],
)
def test_a_picture_is_judged_only_within_all_limits(seen: Optics, reason: ErrorReason | None) -> None:
    """Both ends included; to be sharper or richer in contrast than usual is no fault."""
    fault = fault_of(seen, CHECK)
    assert (fault.reason if fault else None) is reason


def test_of_several_faults_the_one_that_explains_the_others_is_told() -> None:
    """A lamp that is off makes a picture flat and blurred as well."""
    fault = fault_of(Optics(0.0, 0.1, 0.0, 0.9), CHECK)
    assert fault is not None
    assert fault.reason is ErrorReason.TOO_DARK
    assert fault.detail == "exposure 0.1, usual 1, at least 0.9 and at most 1.1"


def test_every_optics_reason_says_so_and_no_other_does() -> None:
    """The camera is to be looked after, not the part."""
    optics = [reason for reason in ErrorReason if reason.is_optics]
    assert len(optics) == 5
    assert ErrorReason.OUT_OF_FOCUS.value == "optics: out of focus"
    assert ErrorReason.DROPPED not in optics


def test_a_baseline_is_stored_and_read_as_it_was() -> None:
    """Its reference travels apart."""
    assert OpticsCheck.from_json(CHECK.to_json(), b"png") == CHECK


def test_one_end_is_adjusted_and_the_others_stay() -> None:
    """By hand, when a plant knows better."""
    wider = CHECK.with_limit("exposure", None, 1.5)
    assert wider.exposure == Limits(0.9, 1.5)
    assert replace(wider, exposure=CHECK.exposure) == CHECK


@pytest.mark.parametrize(
    ("name", "low", "high", "says"),
    [
        ("colour", 0.1, None, "is not measured"),
        ("sharpness", None, 1.0, "no such end"),
        ("shift", 0.1, None, "no such end"),
        ("exposure", 2.0, None, "in order"),
        ("exposure", float("nan"), None, "finite"),
    ],
)
def test_a_limit_that_means_nothing_is_refused(name: str, low: float | None, high: float | None, says: str) -> None:
    """With what would do."""
    with pytest.raises(ValueError, match=says):
        CHECK.with_limit(name, low, high)


def test_a_measurement_is_a_number() -> None:
    """Nothing that is none can lie within limits."""
    with pytest.raises(ValueError, match="sharpness must be finite"):
        Optics(float("nan"), 1.0, 0.4, 0.0)
