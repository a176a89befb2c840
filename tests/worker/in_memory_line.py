"""A whole line of twins around one worker, and builders that default everything a test is not about."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np

from core.adapters.in_memory import MemoryArtifacts, MemoryBoard, MemoryBus, MemoryVerdicts
from core.adapters.in_memory_ledger import MemoryLedger
from core.errors import ImageRefused, ImageTooLarge
from core.frame import Frame, FrameHeader, FrameId, Image, sha256_of
from core.ports import Detector
from core.product import BundleRef, ModelVersion, Product, Recipe
from core.verdict import ScoreMap, Threshold
from core.wire import Arrived, to_record
from worker.batching import BatchLimits
from worker.counts import Counts
from worker.days import Days
from worker.loop import Bench, run
from worker.model_slot import ModelSlot, Start
from worker.patience import Patience
from worker.portions import Hands
from worker.telling import Herald
from worker.views.book import ViewBook
from worker.views.sweep import Sweep

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
THRESHOLD = Threshold(0.3, 0.7)
START = "0123456789ab"


def png(grey: int = 40, side: int = 8) -> bytes:
    """A flat grey picture."""
    return cv2.imencode(".png", np.full((side, side, 3), grey, np.uint8))[1].tobytes()


def frame(
    sequence: int,
    camera: str = "cam",
    product: str = "disc",
    content: bytes | None = None,
    captured_at: datetime = NOON,
) -> Frame:
    return Frame(*_parts(sequence, camera, product, png() if content is None else content, captured_at))


def header(sequence: int, camera: str = "cam", product: str = "disc", captured_at: datetime = NOON) -> FrameHeader:
    return _parts(sequence, camera, product, b"", captured_at)[0]


def _parts(
    sequence: int, camera: str, product: str, content: bytes, captured_at: datetime
) -> tuple[FrameHeader, bytes]:
    frame_id = FrameId(camera, START, sequence)
    return FrameHeader(frame_id, captured_at, product, "p1", "l1", sha256_of(content), len(content)), content


def decode(content: bytes) -> Image:
    """A small decoder for tests; BIG stands for a picture beyond the limit."""
    if content.startswith(b"BIG"):
        raise ImageTooLarge("20000 x 20000")
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ImageRefused("not an image")
    return Image(np.asarray(pixels, np.uint8))


@dataclass
class GreyDetector:
    """The score is the mean grey over 255; remembers the sizes of its batches."""

    engine: str = "grey"
    batches: list[int] = field(default_factory=list)

    def score(self, images: Sequence[Image]) -> list[ScoreMap]:
        self.batches.append(len(images))
        return [self._one(image) for image in images]

    def _one(self, image: Image) -> ScoreMap:
        grey = image.pixels.mean(axis=2, dtype=np.float32) / np.float32(255)
        return ScoreMap(grey, grey, grey, float(grey.mean()), np.zeros(3, np.float32))


def at_once(load: Callable[[], Detector]) -> "Future[Detector]":
    """Loading that is over before anybody looks."""
    loading: Future[Detector] = Future()
    try:
        loading.set_result(load())
    except Exception as error:  # noqa: BLE001
        loading.set_exception(error)
    return loading


@dataclass
class TickingClock:
    """Seconds that pass only when somebody looks or rests."""

    seconds: float = 0.0

    def monotonic(self) -> float:
        self.seconds += 0.001
        return self.seconds

    def rest(self, pause_s: float) -> bool:
        self.seconds += pause_s
        return False

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)


@dataclass
class Line:
    """Twins of everything, and workers upon them."""

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    artifacts: MemoryArtifacts = field(default_factory=MemoryArtifacts)
    board: MemoryBoard = field(default_factory=MemoryBoard)
    verdicts: MemoryVerdicts = field(default_factory=MemoryVerdicts)
    clock: TickingClock = field(default_factory=TickingClock)
    detectors: dict[str, Detector] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self.bus = MemoryBus(self.clock.now, self.ledger.next_offsets)

    def promote(self, product: str = "disc", detector: Detector | None = None, recipe: Recipe | None = None) -> int:
        """Register and promote one more version; returns its id."""
        sha256 = sha256_of(f"{product}-{len(self.ledger.versions)}".encode())
        self.detectors[sha256] = detector or GreyDetector()
        self.ledger.save_product(Product(product, recipe or Recipe()), NOON, "test", "test")
        version = self.ledger.register(product, BundleRef("memory:bundle.json", sha256), THRESHOLD, NOON, "test")
        self.ledger.promote(version.id, NOON, "test", "test")
        return version.id

    def load(self, model: ModelVersion) -> Detector:
        return self.detectors[model.bundle.sha256]

    def publish(self, *arrived: Arrived) -> None:
        for one in arrived:
            self.bus.publish(to_record(one))

    def bench(self, start: Start = at_once, frames: int = 4, **replaced: object) -> Bench:
        """A worker's bench; a port given by name takes the place of the twin."""
        ports = {
            "consumer": self.bus.consumer(),
            "ledger": self.ledger,
            "board": self.board,
            "artifacts": self.artifacts,
            "verdicts": self.verdicts,
            "outbox": self.ledger,
            "attempts": self.ledger,
        } | replaced
        herald = Herald(ports.pop("outbox"), ports.pop("verdicts"), self.clock.monotonic)  # type: ignore[arg-type]
        slot = ports.pop("slot", None) or ModelSlot(self.ledger, self.load, self.clock.monotonic, start)
        return Bench(
            hands=Hands(ports.pop("attempts"), "worker"),  # type: ignore[arg-type]
            slot=slot,  # type: ignore[arg-type]
            days=Days(self.ledger.open_days, self.clock.monotonic),
            decode=decode,
            patience=Patience(self.clock.monotonic, self.clock.rest, 10.0),
            clock=self.clock.now,
            limits=BatchLimits(frames, 0.01, 0.0),
            herald=herald,
            views=ViewBook(self.ledger.products, self.clock.monotonic),
            sweep=Sweep(self.ledger, self.clock.now, self.clock.monotonic),
            **ports,  # type: ignore[arg-type]
        )

    def work(self, bench: Bench | None = None, rounds: int = 50) -> Counts:
        """Run until nothing waits (or the rounds are over)."""
        left = iter(range(rounds))

        def is_over(_idle_s: float) -> bool:
            return next(left, None) is None or (self.bus.waiting() == 0 and not self.ledger.pending(1))

        run(bench or self.bench(), self.counts, is_over)
        return self.counts
