"""What is kept, under which name; maps that come back from their PNG."""

import io
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.frame import FrameId, Image
from core.inspection import Inspection
from core.product import Recipe
from core.verdict import Decision
from tests.worker.in_memory_line import NOON, START, Line, frame, png
from worker.batching import BatchLimits
from worker.brightness.detector import BrightnessDetector
from worker.heatmap import thumbnail, to_stored_map, to_values
from worker.keep import frame_name, is_kept, maps_name


@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_keeps_all_that_a_smaller_one_keeps(sequence: int, one: float, other: float) -> None:
    small, large = sorted((one, other))
    frame_id = FrameId("cam", START, sequence)
    assert is_kept(Decision.OK, frame_id, small) <= is_kept(Decision.OK, frame_id, large)


def test_the_share_of_kept_good_frames_is_the_recipes() -> None:
    kept = sum(is_kept(Decision.OK, FrameId("cam", START, number), 0.1) for number in range(10_000))
    assert 900 < kept < 1100


@pytest.mark.parametrize("decision", [Decision.NG, Decision.REVIEW, Decision.ERROR])
def test_whatever_is_not_ok_is_kept(decision: Decision) -> None:
    assert is_kept(decision, FrameId("cam", START, 1), 0.0)


def test_another_picture_under_the_same_number_has_another_name() -> None:
    real, forged = frame(1), frame(1, content=png(9))
    assert frame_name(real.header, real.content) != frame_name(forged.header, forged.content)
    assert frame_name(real.header, real.content).endswith(".png")
    assert maps_name(real.header, 1) != maps_name(real.header, 2)


def test_a_frame_judged_again_overwrites_its_own_files() -> None:
    line = Line()
    line.promote()
    line.publish(frame(1, content=png(250)), frame(1, content=png(250)))
    line.work(line.bench(frames=1))
    assert len([name for name in line.artifacts.contents if "/cam/" in name]) == 2
    assert line.counts.already_there == 1


def test_a_kept_frame_lies_there_as_it_came_with_its_maps_and_features() -> None:
    line = Line()
    line.promote(recipe=Recipe(keep_ok_share=0.0))
    line.publish(frame(1, content=png(250)), frame(2, content=png(1)))
    line.work()
    ng, ok = (line.ledger.results["cam", START, number] for number in (1, 2))
    assert isinstance(ng, Inspection)
    assert line.artifacts.get(ng.evidence.frame_uri) == png(250)
    with np.load(io.BytesIO(line.artifacts.get(ng.evidence.maps_uri)), allow_pickle=False) as maps:
        assert set(maps) == {"classified", "density", "features"}
    assert isinstance(ok, Inspection)
    assert ok.evidence.frame_uri == ""


def test_maps_of_kept_frames_are_large_and_others_small() -> None:
    line = Line()
    line.promote(recipe=Recipe(keep_ok_share=0.0))
    line.publish(frame(1, content=png(250, 64)), frame(2, content=png(1, 64)))
    line.work()
    sides = [to_values(line.ledger.results["cam", START, number].map).shape for number in (1, 2)]  # type: ignore[union-attr]
    assert sides == [(64, 64), (16, 16)]


@given(st.integers(1, 40), st.integers(1, 40), st.floats(-1e3, 1e3, width=32), st.floats(0, 1e3, width=32))
def test_a_stored_map_comes_back_within_half_a_step(height: int, width: int, low: float, span: float) -> None:
    values = np.random.default_rng(height * 41 + width).random((height, width), np.float32) * span + low
    values = values.astype(np.float32)
    stored = to_stored_map(values, 1.0)
    tolerance = (stored.high - stored.low) / 510 + 1e-3
    assert np.abs(to_values(stored) - values).max() <= tolerance


def test_the_board_shows_the_newest_frame_of_each_camera() -> None:
    line = Line()
    line.promote()
    moments = [NOON + timedelta(seconds=number) for number in range(3)]
    line.publish(*(frame(number, captured_at=moment) for number, moment in enumerate(moments)))
    line.publish(frame(1, camera="other", content=b"text"))
    line.work(line.bench(frames=16))
    cam, other = line.board.tiles()
    assert (cam.captured_at, cam.decision) == (moments[-1], Decision.OK)
    assert cam.thumbnail.startswith(b"\xff\xd8")
    assert (other.decision, other.map_png) == (Decision.ERROR, b"")


def test_a_thumbnail_is_small() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (2000, 3000, 3), np.uint8)
    assert len(thumbnail(Image(noise))) < 400_000


def test_brightness_finds_a_bright_spot() -> None:
    clean = np.full((300, 200, 3), 90, np.uint8)
    spot = clean.copy()
    spot[100:140, 50:90] = 255
    good, bad = BrightnessDetector().score([Image(clean), Image(spot)])
    assert good.score == 0.0
    assert bad.score > 0.6
    assert max(bad.combined.shape) <= 128


def test_a_batch_limit_that_holds_nothing_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        BatchLimits(0, 1.0, 1.0)
