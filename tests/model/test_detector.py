"""The detector: a part's score is its own."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.frame import Image
from core.verdict import ScoreMap
from model.config import ScoreRule
from model.detector import NetworkDetector, load_detector
from model.framing import Framing
from model.scoring import finished_map, image_score
from tests.model.bundles import write_bundle
from tests.model.pictures import part, strip

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> NetworkDetector:
    folder = tmp_path_factory.mktemp("bundle")
    write_bundle(folder)
    return load_detector(folder, "cpu")


def distance(one: ScoreMap, other: ScoreMap) -> float:
    """The largest difference of both maps and the score, in ranges of the map A."""
    span = float(np.ptp(one.combined))
    maps = max(float(np.abs(one.combined - other.combined).max()), float(np.abs(one.density - other.density).max()))
    return max(maps, abs(one.score - other.score)) / span


def test_a_score_is_the_same_alone_and_in_every_batch_from_1_to_16(detector: NetworkDetector) -> None:
    images = [Image(part(seed, 64 + 8 * (seed % 3))) for seed in range(16)]
    alone = [detector.score([image])[0] for image in images]
    for size in range(1, 17):
        together = detector.score(images[:size])
        assert max(map(distance, alone, together)) < 1e-4
    backwards = detector.score(images[::-1])[::-1]
    assert max(map(distance, alone, backwards)) < 1e-4


def test_a_score_of_tiles_is_the_same_alone_and_in_every_batch(tmp_path: Path) -> None:
    """Three tiles each: some batches of the network hold tiles of two pictures."""
    framing = Framing(64, 176, 64, 64, 8)
    write_bundle(tmp_path, framing=framing)
    detector = load_detector(tmp_path, "cpu")
    images = [Image(strip(seed, 64, 176 + 8 * (seed % 3))) for seed in range(12)]
    alone = [detector.score([image])[0] for image in images]
    assert alone[0].combined.shape == alone[0].classified.shape == alone[0].density.shape == (64, 176)
    for size in (2, 11, 12):
        assert max(map(distance, alone, detector.score(images[:size]))) < 1e-4


def test_a_tile_of_a_picture_scores_like_a_picture(detector: NetworkDetector, tmp_path: Path) -> None:
    """Where one tile alone lies, the stitched map is that tile's own; the features are the tiles' mean."""
    framing = Framing(64, 160, 64, 64, 8)
    write_bundle(tmp_path, framing=framing)
    picture = strip(1, 64, 160)
    whole = load_detector(tmp_path, "cpu").score([Image(picture)])[0]
    tiles = detector.score([Image(tile.copy()) for tile in framing.cut(picture)])
    assert np.allclose(whole.density[:, :40], tiles[0].density[:, :40], atol=1e-5)
    assert np.allclose(whole.classified[:, -40:], tiles[-1].classified[:, -40:], atol=1e-5)
    assert np.allclose(whole.features, np.mean([tile.features for tile in tiles], axis=0), atol=1e-5)


def test_a_score_is_the_same_after_a_restart(tmp_path: Path) -> None:
    write_bundle(tmp_path)
    image = Image(part(5))
    first, second = (load_detector(tmp_path, "cpu").score([image])[0] for _ in range(2))
    assert first.score == second.score
    assert np.array_equal(first.combined, second.combined)


def test_maps_have_the_networks_size_and_the_engine_has_a_name(detector: NetworkDetector) -> None:
    found = detector.score([Image(part(1, 200))])[0]
    assert found.combined.shape == found.classified.shape == found.density.shape == (64, 64)
    assert found.features.shape == (512,)
    assert np.allclose(found.combined, finished_map(found.density + found.classified, ScoreRule()), atol=1e-5)
    assert 0 <= found.classified.min() <= found.classified.max() <= 1
    assert detector.engine == "torch-cpu-float32"


def test_no_images_give_no_maps(detector: NetworkDetector) -> None:
    assert detector.score([]) == []


def test_a_single_bright_pixel_does_not_decide_alone() -> None:
    """The paper's maximum follows it; the default rule wants company."""
    speck = np.zeros((64, 64), np.float32)
    speck[20, 20] = 10
    spot = np.zeros((64, 64), np.float32)
    spot[20:24, 20:24] = 5
    paper = ScoreRule(smoothing=0.0, top_share=0.0)
    assert image_score(speck, paper) == 10 > image_score(spot, paper)
    assert image_score(speck, ScoreRule()) < image_score(spot, ScoreRule())
