"""What a night learns from, and what it never does."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count as naturals
from itertools import islice

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.frame import sha256_of
from core.night_rule import NightRule
from core.retraining import LearnedPart, Origin, Use
from ingest.rendering import render_part
from retrain.curation import MOST_CALIBRATED, Candidate, Curated, Golden, curated, is_fixed_sample
from retrain.likeness import Gallery, Thumbnail, near_limit, thumbnail_of

Pixels = NDArray[np.uint8]
MORNING = datetime(2026, 11, 24, 6, tzinfo=UTC)
NOTHING_GOLDEN = Golden(frozenset(), ())
WIDE = NightRule(lot_cap=1000, camera_cap=1000)
"""Caps that cap nothing."""


def candidate(
    number: int, origin: Origin = Origin.ACCEPTED, lot: str = "lot 7", camera: str = "top", earlier: Use | None = None
) -> Candidate:
    """Each looks different; `number` minutes after the first."""
    sha256 = sha256_of(f"{origin} {number}".encode())
    picture = np.random.default_rng([number, len(origin)]).normal(0, 20, 1024).astype(np.float32)
    at = MORNING + timedelta(minutes=number)
    return Candidate(sha256, f"memory:{number}", at, lot, camera, origin, picture, earlier)


def learnable(count: int, origin: Origin = Origin.ACCEPTED, lot: str = "lot 7", camera: str = "top") -> list[Candidate]:
    """So many that are not of the fixed sample."""
    usable = (
        one for number in naturals() if not is_fixed_sample((one := candidate(number, origin, lot, camera)).sha256)
    )
    return list(islice(usable, count))


def replayed(count: int, use: Use = Use.TRAIN) -> list[Candidate]:
    return [replace(one, earlier=use) for one in learnable(count, Origin.REPLAY)]


def uses(found: Curated) -> Counter[Use]:
    return Counter(part.use for part in found.parts)


def hashes(parts: Iterable[LearnedPart | Candidate]) -> set[str]:
    return {part.sha256 for part in parts}


def test_the_newest_are_held_out_and_the_ones_before_calibrate() -> None:
    """No part of a later hour is trained on while an earlier one is held out."""
    found = curated(learnable(100), NOTHING_GOLDEN, WIDE)
    assert uses(found) == {Use.TRAIN: 65, Use.CALIBRATE: 20, Use.HELD_OUT: 15}
    times = {use: [part.captured_at for part in found.parts if part.use is use] for use in Use}
    assert max(times[Use.TRAIN]) < min(times[Use.CALIBRATE])
    assert max(times[Use.CALIBRATE]) < min(times[Use.HELD_OUT])


def test_neither_a_golden_part_nor_its_picture_taken_again_is_learned() -> None:
    """The same file, and another file that shows the same."""
    parts = learnable(30)
    again = parts[1].thumbnail + np.float32(0.1)
    found = curated(parts, Golden(frozenset({parts[0].sha256}), (again,)), WIDE)
    assert hashes(parts) - hashes(found.parts) == hashes(parts[:2])
    assert found.left_out == {"golden, or of the gate's fixed sample": 1, "like a golden part": 1}


def test_the_gates_fixed_sample_is_never_learned() -> None:
    """About one part in twenty, the same ones every night."""
    parts = [candidate(number) for number in range(400)]
    fixed = hashes(one for one in parts if is_fixed_sample(one.sha256))
    assert 5 < len(fixed) < 40
    assert not hashes(curated(parts, NOTHING_GOLDEN, WIDE).parts) & fixed


def test_of_two_alike_a_persons_word_counts() -> None:
    """The copy that came by itself is left out."""
    (accepted,) = learnable(1)
    others = learnable(20, Origin.REPLAY)
    copy = replace(learnable(1, Origin.AUTOMATIC)[0], thumbnail=accepted.thumbnail)
    found = curated([copy, *others, accepted], NOTHING_GOLDEN, WIDE)
    assert accepted.sha256 in hashes(found.parts)
    assert found.left_out["like another one"] == 1


def test_no_lot_and_no_camera_fills_a_night() -> None:
    """What is beyond the cap is drawn out evenly and counted."""
    rule = NightRule(lot_cap=20, camera_cap=30)
    parts = [one for lot in ("a", "b") for one in learnable(60, lot=lot)]
    parts = [replace(one, sha256=sha256_of(f"{one.lot}{number}".encode())) for number, one in enumerate(parts)]
    parts = [replace(one, thumbnail=candidate(number).thumbnail) for number, one in enumerate(parts)]
    found = curated(parts, NOTHING_GOLDEN, rule)
    assert max(Counter(part.lot for part in found.parts).values()) <= 20
    assert len(found.parts) == 30


def test_of_many_earlier_calibration_parts_the_newest_calibrate_again() -> None:
    """A limit is for what the line makes now."""
    earlier = replayed(MOST_CALIBRATED + 50, Use.CALIBRATE)
    found = curated([*learnable(30), *earlier], NOTHING_GOLDEN, WIDE)
    again = {part.sha256 for part in found.parts if part.use is Use.CALIBRATE and part.origin is Origin.REPLAY}
    assert again == hashes(earlier[50:])


def test_replay_is_as_large_as_the_recipe_says_and_earlier_calibration_parts_stay_such() -> None:
    """A part that thresholds were once taken from is never trained on."""
    found = curated([*learnable(100), *replayed(300)], NOTHING_GOLDEN, WIDE)
    origins = Counter(part.origin for part in found.parts if part.use is Use.TRAIN)
    assert origins == {Origin.ACCEPTED: 65, Origin.REPLAY: 65}
    found = curated([*learnable(100), *replayed(40, Use.CALIBRATE)], NOTHING_GOLDEN, WIDE)
    assert {part.use for part in found.parts if part.origin is Origin.REPLAY} == {Use.CALIBRATE}


def test_what_came_by_itself_is_trained_on_only_and_is_few() -> None:
    """It decides neither a threshold nor the gate, and is a quarter of what is learned at most."""
    rule = NightRule(accept_automatically=True, lot_cap=1000, camera_cap=1000, automatic_cap=500)
    found = curated([*learnable(50), *replayed(30), *learnable(300, Origin.AUTOMATIC)], NOTHING_GOLDEN, rule)
    automatic = [part for part in found.parts if part.origin is Origin.AUTOMATIC]
    trained = [part for part in found.parts if part.use is Use.TRAIN]
    assert {part.use for part in automatic} == {Use.TRAIN}
    assert 0 < len(automatic) <= 0.25 * len(trained)


def test_the_same_parts_make_the_same_snapshot_in_any_order() -> None:
    """Nothing is drawn by chance."""
    parts = [*learnable(80), *replayed(80)]
    assert set(curated(parts, NOTHING_GOLDEN, NightRule()).parts) == set(
        curated(parts[::-1], NOTHING_GOLDEN, NightRule()).parts
    )


@pytest.mark.parametrize("change", ["compressed", "noisy"])
def test_a_picture_taken_again_is_like_itself_and_no_other_part_is(change: str) -> None:
    """On rendered parts, which lie in the same place in the same light."""
    pictures = [render_part(number, defect=False, size=128).pixels for number in range(40)]
    thumbnails = [thumbnail_of(picture) for picture in pictures]
    limit = near_limit(thumbnails)
    for number, picture in enumerate(pictures[:10]):
        again = thumbnail_of(changed(picture, change))
        assert gallery([thumbnails[number]]).holds_like(again, limit)
        assert not gallery(thumbnails[:number] + thumbnails[number + 1 :]).holds_like(again, limit)


def test_where_a_line_stood_still_its_repetitions_are_still_told_from_other_parts() -> None:
    """Each part is there twice, and one of them twenty times: neither they nor a golden part's picture get in again."""
    parts = [render_part(number, defect=False, size=128).pixels for number in range(30)]
    again = [changed(picture, "noisy") for picture in (*parts, *[parts[0]] * 20)]
    seen = [thumbnail_of(picture) for picture in (*parts, *again)]
    offered = [replace(one, thumbnail=look) for one, look in zip(learnable(len(seen)), seen, strict=True)]
    golden = Golden(frozenset(), (thumbnail_of(changed(parts[1], "compressed")),))
    found = curated(offered, golden, WIDE)
    assert (len(found.parts), found.left_out) == (29, {"like a golden part": 2, "like another one": 49})


def test_no_more_is_learned_than_the_recipe_says_and_what_was_learned_before_keeps_its_share() -> None:
    """Of a line with many cameras and lots: its memory is bounded, and the others are new again the next night."""
    rule = NightRule(most_learned=100, lot_cap=1000, camera_cap=1000, accept_automatically=True, automatic_cap=500)
    new = learnable(400)
    for replay, trained in ((replayed(300), 100), ([], 100)):
        found = curated([*new, *replay, *learnable(300, Origin.AUTOMATIC)], NOTHING_GOLDEN, rule)
        origins = Counter(part.origin for part in found.parts if part.use is Use.TRAIN)
        assert 0.9 * trained <= sum(origins.values()) <= trained
        assert bool(origins[Origin.REPLAY]) is bool(replay)
        assert not replay or origins[Origin.REPLAY] >= 45
        assert found.left_out["beyond what one night learns"] > 200


def gallery(thumbnails: list[Thumbnail]) -> Gallery:
    made = Gallery(len(thumbnails))
    for thumbnail in thumbnails:
        made.add(thumbnail)
    return made


def changed(picture: Pixels, change: str) -> Pixels:
    if change == "compressed":
        encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
        return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    noise = np.random.default_rng(1).normal(0, 4, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)
