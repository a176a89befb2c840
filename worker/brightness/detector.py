"""Scores by how far a pixel's brightness lies from the picture's own middle. No network, no torch."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import BundleRefused
from core.frame import Image
from core.verdict import ScoreMap, Threshold

KIND = "brightness"
MAP_SIDE = 128
NO_TENSORS = b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "
"""A safetensors file with nothing in it: this detector is a bundle of two files like any other."""


class BrightnessDetector:
    """Detector protocol over plain arrays."""

    engine = "brightness"

    def score(self, images: Sequence[Image]) -> list[ScoreMap]:
        """One map per image, each by itself."""
        return [_score_map(image) for image in images]


def letter(threshold: Threshold) -> bytes:
    """The bundle.json of this detector."""
    fields = {"kind": KIND, "review_from": threshold.review_from, "reject_from": threshold.reject_from}
    return json.dumps(fields, sort_keys=True).encode()


def is_brightness(folder: Path) -> bool:
    """Whether a bundle's letter names this detector.

    Raises:
        BundleRefused: The letter is not JSON.
    """
    try:
        fields = json.loads((folder / "bundle.json").read_bytes())
    except (OSError, ValueError) as error:
        raise BundleRefused(f"bundle.json: {error}") from error
    return isinstance(fields, dict) and fields.get("kind") == KIND


def _score_map(image: Image) -> ScoreMap:
    step = max(1, -(-max(image.pixels.shape[:2]) // MAP_SIDE))
    grey: NDArray[np.float32] = image.pixels[::step, ::step].mean(axis=2, dtype=np.float32)
    deviation = np.abs(grey - np.median(grey)) / np.float32(255)
    features = np.array([grey.mean(), grey.std()], np.float32)
    return ScoreMap(deviation, deviation, deviation, float(np.quantile(deviation, 0.999)), features)
