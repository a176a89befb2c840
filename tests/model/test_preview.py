"""Defects drawn to be looked at."""

import subprocess
import sys

import numpy as np

from model.framing import Framing
from model.object_mask import MaskRule
from model.preview import drawn_previews
from tests.retrain.nights import good_part

FRAMING = Framing(64, 128, 64, 64)


def pictures() -> list[np.ndarray]:
    return [FRAMING.scaled(good_part(seed)) for seed in range(3)]


def test_each_good_picture_gets_one_defect_where_its_label_is() -> None:
    """Also where pictures are cut into tiles; the pictures that came in stay as they were."""
    good = pictures()
    before = [picture.copy() for picture in good]
    drawn = list(drawn_previews(good, FRAMING, MaskRule(), seed=5))
    assert len(drawn) == 3
    for each, picture, kept in zip(drawn, good, before, strict=True):
        assert np.array_equal(picture, kept)
        changed = (each.image != picture).any(axis=2)
        assert changed.any()
        assert not (changed & (each.label == 0)).any()
        assert 0.5 <= each.label.max() <= 1


def test_the_same_seed_draws_the_same() -> None:
    """And another one something else."""
    first, again, other = (next(drawn_previews(pictures(), FRAMING, MaskRule(), seed)).image for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_drawing_needs_no_torch() -> None:
    """The station draws beside its loop, in its own process."""
    script = "import sys, model.preview, retrain.preview; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
