"""A map scored again without regions, by its bundle's own rule."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.frame import Image
from core.verdict import ScoreMap
from model.detector import NetworkDetector, load_detector
from model.ignoring.rescoring import IgnoringDetector, mask_of
from tests.model.bundles import write_bundle

LEFT_HALF = (((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)),)
ALL = (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),)
NOWHERE = (((0.4, 0.4), (0.4, 0.4), (0.4, 0.4)),)


@pytest.fixture(scope="module")
def inner(tmp_path_factory: pytest.TempPathFactory) -> NetworkDetector:
    folder: Path = tmp_path_factory.mktemp("bundle")
    write_bundle(folder)
    return load_detector(folder, "cpu")


def answer(inner: NetworkDetector) -> ScoreMap:
    pixels = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    (found,) = inner.score([Image(pixels)])
    return found


def with_spot(found: ScoreMap, column: int) -> ScoreMap:
    density = found.density.copy()
    density[20:28, column : column + 8] += 9
    return replace(found, density=density)


def test_what_is_found_in_a_region_does_not_count(inner: NetworkDetector) -> None:
    """However high; and the map that people see is clean there."""
    detector, plain = IgnoringDetector(inner), answer(inner)
    clean = detector.rescored(plain, LEFT_HALF)
    spotted = detector.rescored(with_spot(plain, 4), LEFT_HALF)
    assert spotted.score == pytest.approx(clean.score, abs=1e-6)
    assert spotted.combined[:, :32].max() <= spotted.combined[:, 32:].min()


def test_what_is_found_outside_counts_as_before(inner: NetworkDetector) -> None:
    """Also right beside a region, up to the smoothing at its border."""
    detector, plain = IgnoringDetector(inner), answer(inner)
    whole = detector.rescored(with_spot(plain, 44), NOWHERE)
    half = detector.rescored(with_spot(plain, 44), LEFT_HALF)
    assert half.score == pytest.approx(whole.score, rel=1e-3)


def test_without_pixels_left_out_the_score_is_the_detector_s_own(inner: NetworkDetector) -> None:
    """The rule is the bundle's."""
    plain = answer(inner)
    again = IgnoringDetector(inner).rescored(plain, ())
    assert again.score == pytest.approx(plain.score, rel=1e-6)
    assert np.allclose(again.combined, plain.combined, atol=1e-6)


def test_a_region_over_everything_is_no_score(inner: NetworkDetector) -> None:
    """The worker makes an ERROR of it: nothing is OK unseen."""
    with pytest.raises(ValueError, match="nothing"):
        IgnoringDetector(inner).rescored(answer(inner), ALL)


def test_a_region_covers_the_pixels_whose_middles_it_holds() -> None:
    """At any size of the map."""
    for side in (64, 100, 256):
        mask = mask_of(LEFT_HALF, (side, side))
        assert abs(mask.mean() - 0.5) < 1.5 / side
        assert mask[:, 0].all()
        assert not mask[:, -1].any()
