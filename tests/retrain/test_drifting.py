"""How parts look, hour by hour: counted from what the worker kept, told once, a reason to train."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from core.adapters.in_memory import MemoryArtifacts
from core.adapters.in_memory_ledger import MemoryLedger
from core.drift import DriftKind, LookCount
from core.errors import LedgerUnavailable
from core.frame import FrameHeader, FrameId, sha256_of
from core.inspection import Arrival, Batch, Evidence, Inspection, Judge, Position, Progress, StoredMap
from core.product import ActiveModel, BundleRef, Product, Recipe
from core.verdict import ScoreMap, Threshold, judge
from model.letter import Letter
from model.look import look_of
from retrain.drift import looks_drifted
from retrain.drifting import DriftWatch, features_in
from tests.model.bundles import letter
from worker.keep import to_npz

MORNING = datetime(2026, 11, 24, 6, tzinfo=UTC)
CHANNELS = 16
DICE = np.random.default_rng(5)
BAND = Threshold(0.4, 0.8)


def features(shift: float = 0.0) -> list[float]:
    return [float(value) for value in DICE.normal(shift, 1.0, CHANNELS)]


@dataclass
class LookLine:
    """A model of product `disc` judges; `now` is a quarter past the hour."""

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    artifacts: MemoryArtifacts = field(default_factory=MemoryArtifacts)
    now: datetime = MORNING + timedelta(minutes=15)
    letter: Letter | None = field(
        default_factory=lambda: replace(letter("0" * 64), look=look_of([features() for _ in range(30)]))
    )
    sequence: int = 0

    def __post_init__(self) -> None:
        self.ledger.save_product(Product("disc", Recipe()), MORNING, "ada", "test")
        self.promote("a")

    def promote(self, name: str) -> None:
        bundle = BundleRef(f"memory:{name}/bundle.json", sha256_of(name.encode()))
        version = self.ledger.register("disc", bundle, BAND, MORNING, "ada")
        self.ledger.promote(version.id, MORNING, "ada", "test")

    def letter_of(self, _: ActiveModel) -> Letter | None:
        return self.letter

    def watch(self) -> DriftWatch:
        return DriftWatch(self.ledger, self.artifacts, self.letter_of, lambda: self.now)

    def hour(self, count: int, shift: float = 0.0, lot: str = "7", camera: str = "top") -> None:
        """So many parts in the hour that ends a quarter of an hour ago; the clock moves on by one."""
        for number in range(count):
            at = self.now + timedelta(minutes=-15, seconds=number)
            self.inspect(at, features(shift), lot, camera)
        self.now += timedelta(hours=1)

    def inspect(self, at: datetime, seen: Sequence[float], lot: str, camera: str) -> None:
        """As a worker records it."""
        flat = np.zeros((2, 2), np.float32)
        kept = to_npz(ScoreMap(flat, flat, flat, 0.1, np.asarray(seen, np.float32)))
        uri = self.artifacts.put(f"maps/{self.sequence}.npz", kept)
        header = FrameHeader(FrameId(camera, "0123456789ab", self.sequence), at, "disc", "", lot, "0" * 64, 7)
        model = self.ledger.active()["disc"].model.id
        row = Inspection(
            header, Arrival(Position("frames", 0, self.sequence), at), judge(0.1, BAND),
            Judge(model, 1, BAND, "test"), StoredMap(b"map", 0.0, 1.0), Evidence("memory:frame", uri), at,
        )  # fmt: skip
        self.ledger.record(Batch((row,), (Progress("frames", 0, self.sequence, self.sequence + 1),)))
        self.sequence += 1


def test_parts_that_look_different_are_told_with_hour_lot_and_camera() -> None:
    """Though the scores say nothing; another camera is not named. It stays until it is over."""
    line = LookLine()
    for _ in range(4):
        line.hour(30)
        line.hour(0)
    began = line.now - timedelta(minutes=15)
    for number in range(3):
        line.hour(30, shift=1.5, lot=str(8 + number))
    line.hour(30, camera="side", lot="9")
    watch = line.watch()
    (found,) = watch.found("disc")
    assert (found.camera, found.kind, found.since, found.lot) == ("top", DriftKind.LOOKS, began, "8")
    assert "top's parts look different since 2026-11-24 14:00 UTC, lot 8" in found.sentence
    (alarm,) = line.ledger.drift_alarms("disc")
    assert (alarm.found, alarm.raised_at) == (found, line.now)


def test_parts_that_look_as_the_calibration_did_are_no_drift() -> None:
    """Over two hundred hours of a camera, looked at hour by hour."""
    line = LookLine()
    watch = line.watch()
    for _ in range(200):
        line.hour(12)
        watch.keep_up(line.ledger.products())
    assert line.ledger.drift_alarms("disc") == []
    assert sum(one.parts for one in line.ledger.look_counts("disc", 1)) == 200 * 12


def test_an_hour_is_read_once_and_only_when_it_is_over() -> None:
    """However often anybody looks."""
    line = LookLine()
    line.hour(5)
    line.inspect(line.now - timedelta(minutes=1), features(), "7", "top")
    for _ in range(3):
        line.watch().found("disc")
    assert [one.parts for one in line.ledger.look_counts("disc", 1)] == [5]


def test_another_model_begins_anew() -> None:
    """It was calibrated on what parts look like now, and the alarm of the one before is over."""
    line = LookLine()
    for _ in range(3):
        line.hour(30, shift=1.5)
    assert line.watch().found("disc")
    line.promote("b")
    assert line.watch().found("disc") == []
    assert line.ledger.drift_alarms("disc") == []


def test_maps_that_are_gone_or_broken_are_left_out() -> None:
    """Retention may have taken them, or another encoder has written them."""
    line = LookLine()
    line.hour(3)
    line.artifacts.contents.pop("memory:maps/0.npz")
    line.artifacts.contents["memory:maps/1.npz"] = b"no zip"
    line.watch().found("disc")
    assert [one.parts for one in line.ledger.look_counts("disc", 1)] == [1]
    with pytest.raises(ValueError, match="no maps of ours"):
        features_in(b"no zip")


def test_an_alarm_of_scores_keeps_its_beginning_though_only_the_newest_parts_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is what people look for in that lot; another model begins anew."""
    monkeypatch.setattr("retrain.drifting.SCORED_PARTS", 100)
    line = LookLine(letter=replace(letter("0" * 64), calibration_scores=(0.01,) * 20))
    line.hour(100, lot="a")
    (first,) = line.watch().found("disc")
    line.hour(150, lot="b")
    (later,) = line.watch().found("disc")
    assert (later.since, later.lot) == (first.since, "a")
    line.promote("b")
    line.hour(100, lot="c")
    (anew,) = line.watch().found("disc")
    assert anew.lot == "c"


def test_a_bundle_without_a_look_or_without_a_letter_says_nothing_of_looks() -> None:
    """One from before looks were kept, or one that does not load."""
    line = LookLine()
    for known in (letter("0" * 64), None):
        line.letter = known
        line.hour(40, shift=3.0)
        assert not line.watch().found("disc")
    assert line.ledger.look_counts("disc", 1) == []


def test_what_is_away_for_one_product_is_looked_at_again() -> None:
    """And costs no other product anything."""
    line = LookLine()
    line.hour(5)
    line.ledger.save_product(Product("away", Recipe()), MORNING, "ada", "test")
    tries: list[str] = []

    def letter_of(active: ActiveModel) -> Letter | None:
        tries.append(active.model.product)
        if len(tries) == 1:
            raise LedgerUnavailable("test")
        return line.letter

    watch = DriftWatch(line.ledger, line.artifacts, letter_of, lambda: line.now)
    for _ in range(3):
        watch.keep_up(line.ledger.products())
    assert tries == ["disc", "disc"]
    assert [one.parts for one in line.ledger.look_counts("disc", 1)] == [5]


def test_what_came_back_is_no_drift_any_more() -> None:
    """The sum falls to nothing again; an hour of two lots counts as both."""
    hours = [MORNING + timedelta(hours=number) for number in range(12)]
    away = [LookCount(hour, "top", "a", 20, 20) for hour in hours[:2]]
    back = [LookCount(hour, "top", "a", 20, 5) for hour in hours[2:]]
    (found,) = looks_drifted(away)
    assert (found.parts, found.beyond) == (40, 40)
    assert looks_drifted([*away, *back]) == []
