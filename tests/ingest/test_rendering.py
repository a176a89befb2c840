"""The rendered parts: the same seed, the same part, and a defect that shows."""

import time

import cv2
import numpy as np
import pytest

from ingest.part_defects import KINDS
from ingest.part_shapes import Style
from ingest.rendering import render_part
from ingest.simulated import SimulatedCamera, Simulation, part_on_line

STYLES = pytest.mark.parametrize("style", list(Style))


@STYLES
def test_the_same_seed_is_the_same_picture(style: Style) -> None:
    """To the last pixel, and another seed another one."""
    first, again, other = (render_part(seed, True, style).pixels for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@STYLES
def test_every_defect_shows_and_changes_only_a_part_of_the_picture(style: Style) -> None:
    """Against the good part of the same seed, which shares pose, light, grain and noise."""
    kinds = set()
    for seed in range(30):
        good, bad = render_part(seed, False, style), render_part(seed, True, style)
        changed = np.abs(good.pixels.astype(int) - bad.pixels).max(axis=2) > 25
        assert 0.001 < changed.mean() < 0.15, f"seed {seed}: {bad.kind} changes {changed.mean():.2%} of the picture"
        kinds.add(bad.kind)
    assert kinds == set(KINDS)


@STYLES
def test_good_parts_are_alike_but_not_the_same(style: Style) -> None:
    """A defect must stand out from what varies anyway."""
    pictures = np.stack([render_part(seed, False, style).pixels for seed in range(12)]).astype(float)
    spread = pictures.std(axis=0).mean()
    assert 2 < spread < 16


def test_a_part_is_an_rgb_picture_of_the_size_asked_for() -> None:
    """And the mat is blueish, so that a swap of red and blue would show."""
    part = render_part(1, False, Style.DISC, 128)
    assert part.pixels.shape == (128, 128, 3)
    assert part.pixels.dtype == np.uint8
    red, _, blue = part.pixels[:8, :8].reshape(-1, 3).mean(axis=0)
    assert blue > red + 5
    assert (part.defect, part.kind) == (False, "good")


def test_rendering_takes_milliseconds() -> None:
    """The best of several, so that a busy machine does not matter."""
    render_part(0, False)
    best = min(_seconds(seed) for seed in range(20))
    assert best < 0.05


def test_a_simulated_line_repeats_and_keeps_its_share_of_defects() -> None:
    """Two cameras with two seeds see different parts."""
    simulation = Simulation(Style.DISC, 0.25, 64)
    one, again, other = ([part_on_line(simulation, seed, n).defect for n in range(150)] for seed in (1, 1, 2))
    assert one == again != other
    assert 0.15 < np.mean(one) < 0.35


def test_the_simulated_camera_tells_part_lot_and_truth() -> None:
    """Its PNG holds the rendered pixels, red and blue in their places."""
    simulation = Simulation(Style.PLATE, 1.0, 96)
    camera = SimulatedCamera(simulation, 5)
    first, second = camera.grab(), camera.grab()
    assert (first.part_id, first.lot, first.defect) == ("plate-000000", "L005-000", True)
    assert second.part_id == "plate-000001"
    decoded = cv2.imdecode(np.frombuffer(first.content, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), part_on_line(simulation, 5, 0).pixels)


@pytest.mark.parametrize("changed", [{"defects": 1.5}, {"defects": -0.1}, {"size": 8}, {"size": 10_000}])
def test_a_simulation_out_of_range_is_refused(changed: dict[str, float]) -> None:
    """With the range in the message."""
    with pytest.raises(ValueError, match="must be"):
        Simulation(**changed)  # type: ignore[arg-type]


def _seconds(seed: int) -> float:
    start = time.perf_counter()
    render_part(seed, True)
    return time.perf_counter() - start
