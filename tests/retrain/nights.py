"""A line of twins, and the days before a night: parts inspected, accepted, confirmed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from threading import Event

import cv2
import numpy as np
from numpy.typing import NDArray

from core.adapters.in_memory import MemoryArtifacts
from core.adapters.in_memory_ledger import MemoryLedger
from core.errors import NightInterrupted
from core.frame import FrameHeader, FrameId, sha256_of
from core.inspection import Arrival, Batch, Evidence, Inspection, Judge, Position, Progress, StoredMap
from core.product import Product, Recipe
from core.review import Judgement, Opinion, PartKey
from core.verdict import Threshold, judge
from ingest.part_shapes import Style
from ingest.rendering import render_part
from model.bundle import bundle_sha256, read_letter
from model.images import decode
from retrain.promotion import BundleReader, Change, promote_bundle, read_with
from retrain.shop import Order, Shop
from retrain.workshop.jobs import Bounds

Pixels = NDArray[np.uint8]
SIDE = 64
START = "0123456789ab"
NIGHT = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
DAY_BEFORE = NIGHT - timedelta(hours=18)
READ = read_with(lambda folder: read_letter(folder).threshold, bundle_sha256)


@cache
def good_part(seed: int) -> Pixels:
    """A small part."""
    return render_part(seed, False, Style.DISC, SIDE).pixels


def spoiled(seed: int, strength: float = 1.0) -> Pixels:
    """The part of this seed with a blot on it, plain at full strength."""
    dice, pixels = np.random.default_rng([seed, 9]), good_part(seed).astype(np.float64)
    down, across = dice.integers(16, SIDE - 16, 2)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    inside = ((rows - down) ** 2 + (columns - across) ** 2 < 36)[:, :, None]
    colour = np.array([230.0, 40.0, 30.0])
    return np.asarray(np.where(inside, pixels + strength * (colour - pixels), pixels), np.uint8)


def encoded(pixels: Pixels) -> bytes:
    """As a camera would send it."""
    return cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes()


@dataclass
class NightLine:
    """Twins around one product, `disc`; `sequence` counts the frames inspected so far."""

    folder: Path
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    artifacts: MemoryArtifacts = field(default_factory=MemoryArtifacts)
    now: datetime = NIGHT
    sequence: int = 0
    is_stopped: bool = False

    def save(self, recipe: Recipe) -> None:
        """The product's recipe."""
        self.ledger.save_product(Product("disc", recipe), DAY_BEFORE, "ada", "test")

    def promote(self, bundle: Path, read: BundleReader = READ) -> int:
        """The first model."""
        change = Change(DAY_BEFORE - timedelta(days=1), "ada", "first model")
        return promote_bundle("disc", read(bundle), self.ledger, self.artifacts, change).id

    def inspect(self, pixels: Pixels, score: float = 0.1, lot: str = "lot 7") -> PartKey:
        """A part that the line has judged, its picture kept."""
        content, at = encoded(pixels), DAY_BEFORE + timedelta(seconds=self.sequence)
        header = FrameHeader(
            FrameId("top", START, self.sequence), at, "disc", "", lot, sha256_of(content), len(content)
        )
        uri = self.artifacts.put(f"frames/{self.sequence}.png", content)
        band = Threshold(0.4, 0.8)
        row = Inspection(
            header,
            Arrival(Position("frames", 0, self.sequence), at),
            judge(score, band),
            Judge(1, 1, band, "test-engine"),
            StoredMap(b"map", 0.0, 1.0),
            Evidence(uri, ""),
            at,
        )
        self.ledger.record(Batch((row,), (Progress("frames", 0, self.sequence, self.sequence + 1),)))
        self.sequence += 1
        return PartKey(at, header.id)

    def say(self, part: PartKey, judgement: Judgement, kind: str = "") -> None:
        """A person reviews it through the review desk, golden set and all."""
        self.ledger.settle(part, Opinion(judgement, kind), 0, self.now - timedelta(hours=1), "ada")

    def accept(self, parts: Sequence[Pixels]) -> None:
        """All called good."""
        for part in parts:
            self.say(self.inspect(part), Judgement.GOOD)

    def confirm(self, parts: Sequence[Pixels]) -> None:
        """All called defective: golden from now on."""
        for part in parts:
            self.say(self.inspect(part, score=0.9), Judgement.DEFECT, "blot")

    def shop(self, **changes: object) -> Shop:
        """What a night works with."""
        shop = Shop(
            self.ledger,
            self.artifacts,
            decode,
            READ,
            lambda: self.now,
            self.folder / "work",
            Bounds(idle=False),
            self._check_stop,
            rest=no_rest,
        )
        return replace(shop, **changes)  # type: ignore[arg-type]

    def _check_stop(self) -> None:
        if self.is_stopped:
            raise NightInterrupted


def no_rest(seconds: float) -> None:
    """The training process is looked at a few times a second, as the station does."""
    Event().wait(min(seconds, 0.1))


def order(slot: str = "2026-11-25", is_asked: bool = False) -> Order:
    """Of the night."""
    return Order("disc", slot, "station", "nightly", is_asked)
