"""What the stations ask of the outside world. Adapters keep these promises; the contract tests hold them to it."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from core.frame import Image
from core.inspection import (
    Batch,
    CameraRun,
    KeptGood,
    OpenDays,
    OutboxMessage,
    Position,
    Progress,
    Recorded,
    Tile,
    TrainingProgress,
)
from core.product import ActiveModel, BundleRef, ModelVersion, Product
from core.verdict import ScoreMap, Threshold
from core.wire import OBJECT_LIMIT, Delivery, Record


class FramePublisher(Protocol):
    """The camera's end of the frame bus."""

    def publish(self, record: Record) -> Future[Position]:
        """Hand a record over; the future ends when the bus holds it durably, or with BusUnavailable.

        Records of one key keep their order. Never blocks for longer than it takes to copy the record.
        """
        ...

    def close(self, timeout_s: float) -> None:
        """Wait at most this long for what is in flight, then let go. Safe to call twice."""
        ...


class FrameConsumer(Protocol):
    """The worker's end of the frame bus. One thread owns it. Several consumers share the partitions."""

    def poll(self, max_records: int, timeout_s: float) -> list[Delivery]:
        """Records in order per partition, starting where the ledger's offsets stand; empty after the timeout.

        Polled records are not handed out again until `rewind`, nor to another consumer while this one lives.

        Raises:
            BusUnavailable: Nothing can be read now; calling again later is safe.
        """
        ...

    def settle(self, progress: Iterable[Progress]) -> None:
        """Tell the bus what the ledger has committed: for lag tools and for cleaning up. Idempotent."""
        ...

    def hold(self) -> None:
        """Stay where it is while what it handed out cannot be recorded: call between two tries. Hands out nothing.

        The partitions stay this consumer's for as long as it goes on holding. Never raises.
        """
        ...

    def rewind(self) -> None:
        """Forget every record handed out and not settled; `poll` starts again where the ledger stands."""
        ...

    def close(self) -> None:
        """Leave; others may take the partitions at once. Safe to call twice."""
        ...


class Backlog(Protocol):
    """How much of the bus nobody has judged yet."""

    def waiting(self) -> int:
        """Records the bus holds beyond the ledger's offsets, over all partitions."""
        ...


class InspectionLedger(Protocol):
    """The truth about every frame."""

    def record(self, batch: Batch) -> Recorded:
        """Write results, maps, quarantine, outbox, counters and next offsets in one transaction, or nothing.

        Idempotent: a frame that is already there is left as it was.

        Raises:
            Fenced: A partition does not stand at its `first`: another worker moved it.
            NoOpenDay: A result's day has no partition; nothing was written.
            LedgerUnavailable: Postgres does not answer; nothing was written, trying again is safe.
        """
        ...

    def next_offsets(self, topic: str) -> Mapping[int, int]:
        """Per partition, the offset from which nothing has been recorded yet."""
        ...

    def open_days(self) -> OpenDays:
        """The days on which results can be filed."""
        ...


class ModelRegistry(Protocol):
    """Products, their model versions, and which one is active. Every change is a new row."""

    def save_product(self, product: Product, at: datetime, who: str, why: str) -> None:
        """Add the product or replace its recipe; the audit keeps the old one."""
        ...

    def products(self) -> list[Product]:
        """All products by name."""
        ...

    def register(self, product: str, bundle: BundleRef, threshold: Threshold, at: datetime, who: str) -> ModelVersion:
        """Keep a bundle and its own fitted threshold as a new version; a bundle known by its sha256 is returned.

        A product that was never saved gets the default recipe.
        """
        ...

    def promote(self, model_version_id: int, at: datetime, who: str, why: str) -> None:
        """Make the version active for its product: one row.

        Raises:
            UnknownModel: No such version.
        """
        ...

    def set_threshold(self, model_version_id: int, threshold: Threshold, at: datetime, who: str, why: str) -> int:
        """Append a threshold for this version and return its id.

        Raises:
            UnknownModel: No such version.
        """
        ...

    def active(self) -> Mapping[str, ActiveModel]:
        """Per product that has one, the model promoted last with its newest threshold."""
        ...


class CameraRegistry(Protocol):
    """What cameras say of themselves."""

    def report(self, run: CameraRun) -> None:
        """Keep the newest numbers of this camera's run; older reports change nothing."""
        ...

    def runs(self) -> list[CameraRun]:
        """All runs of all cameras, newest report first."""
        ...


class TrainingBoard(Protocol):
    """How far training is, for whoever waits for a first model."""

    def report_training(self, progress: TrainingProgress) -> None:
        """Replace what is known of this product's training."""
        ...

    def trainings(self) -> list[TrainingProgress]:
        """The newest report of each product, by product name."""
        ...


class Outbox(Protocol):
    """Verdicts that wait to be told to the plant."""

    def pending(self, limit: int) -> list[OutboxMessage]:
        """The oldest untold verdicts, in order."""
        ...

    def told(self, ids: Sequence[int]) -> None:
        """These were delivered; they need not be told again. Idempotent."""
        ...


class VerdictPublisher(Protocol):
    """Where the plant listens."""

    def tell(self, messages: Sequence[OutboxMessage]) -> None:
        """Deliver all, in order per camera, at least once.

        Raises:
            BusUnavailable: Some may not have been delivered; telling all again is safe.
        """
        ...


SLOT_TRIES = 3
"""How often a slot is begun: a run that kills its station each time must not be tried all day."""


class NightSlots(Protocol):
    """Which runs have been taken, however many timetables watch the same products.

    A slot is a local date, or a key of its own for what somebody asked for "now".
    """

    def claim(self, product: str, slot: str, at: datetime, who: str) -> AbstractContextManager[bool]:
        """Whether the slot is ours; while the block runs, nobody gets another of the product.

        True once for each product and slot, also where the block raises. Only a slot whose holder was killed, or ended
        its block with NightInterrupted, is given again, SLOT_TRIES times in all.

        Raises:
            LedgerUnavailable: Nobody knows; the slot was not claimed.
        """
        ...

    def unfinished(self, since: datetime) -> Sequence[tuple[str, str]]:
        """Product and slot of what was claimed since then and has not ended: it runs, or waits to be taken over."""
        ...


class LearningSource(Protocol):
    """What a night could learn from."""

    def kept_good(self, product: str, since: datetime) -> KeptGood:
        """How many frames judged OK since then are kept in the artifact store."""
        ...


class LiveBoard(Protocol):
    """The newest frame and verdict per camera: a cache that may vanish at any moment."""

    def show(self, tiles: Sequence[Tile]) -> None:
        """Replace the tiles of these cameras.

        Raises:
            BoardUnavailable: Nothing was shown; the line goes on.
        """
        ...

    def tiles(self) -> list[Tile]:
        """The newest tile of each camera, by camera name.

        Raises:
            BoardUnavailable: The board does not answer.
        """
        ...


class ArtifactStore(Protocol):
    """Frames and maps worth keeping, quarantined frames, claimed contents, bundles."""

    def put(self, name: str, content: bytes) -> str:
        """Keep the content under a relative name (`frames/2026-11-24/...`) and return its URI. Idempotent.

        Raises:
            ArtifactsUnavailable: It is not kept; trying again is safe.
        """
        ...

    def get(self, uri: str, most_bytes: int = OBJECT_LIMIT) -> bytes:
        """The content behind a URI that `put` returned; little more than `most_bytes` is ever held.

        Raises:
            ArtifactTooLarge: It is longer than that.
            ArtifactMissing: There is no such object, or the URI does not belong to this store.
            ArtifactsUnavailable: The store does not answer.
        """
        ...


class Detector(Protocol):
    """One product's trained network, ready to score."""

    @property
    def engine(self) -> str:
        """What runs the network, as every row names it, e.g. `torch-cpu-float32`."""
        ...

    def score(self, images: Sequence[Image]) -> list[ScoreMap]:
        """One map per image, in order; each the same as if the image were alone."""
        ...


class FrameDecoder(Protocol):
    """Encoded content to pixels: one path for training and serving."""

    def __call__(self, content: bytes) -> Image:
        """Decode.

        Raises:
            ImageRefused: Not an image, or larger than the limit (checked before it is decoded).
        """
        ...


class Clock(Protocol):
    """Time is a value: whoever needs it is given this."""

    def __call__(self) -> datetime:
        """The present moment in UTC."""
        ...
