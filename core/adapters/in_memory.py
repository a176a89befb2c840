"""Twins of bus, board and artifact store that live in one process: for tests, and to try the line out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.errors import ArtifactMissing, BusUnavailable, Fenced
from core.gap import Gap, GapLedger
from core.inspection import OutboxMessage, Position, Progress, Tile
from core.ports import Clock
from core.retention import Folder, StoredFile
from core.wire import TOPIC, Delivery, Record

OffsetSource = Callable[[str], Mapping[int, int]]


@dataclass
class MemoryBus:
    """FramePublisher and Backlog over plain lists: one partition per key, in order of first sight."""

    clock: Clock
    next_offsets: OffsetSource
    gaps: GapLedger | None = None
    topic: str = TOPIC
    keys: list[bytes] = field(default_factory=list)
    logs: list[list[tuple[Record, datetime]]] = field(default_factory=list)
    owners: dict[int, "MemoryFrameConsumer"] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)

    def publish(self, record: Record) -> Future[Position]:
        """Append to the partition of the record's key."""
        if record.key not in self.keys:
            self.keys.append(record.key)
            self.logs.append([])
        partition = self.keys.index(record.key)
        self.logs[partition].append((record, self.clock()))
        done: Future[Position] = Future()
        done.set_result(Position(self.topic, partition, len(self.logs[partition]) - 1))
        return done

    def waiting(self) -> int:
        """Records beyond the ledger's offsets."""
        settled = self.next_offsets(self.topic)
        return sum(
            len(log) - max(settled.get(partition, 0), self.first.get(partition, 0))
            for partition, log in enumerate(self.logs)
        )

    def delete_until(self, partition: int, offset: int) -> None:
        """What a broker's retention does: the records before the offset are gone. Only a bus with `gaps` may."""
        self.first[partition] = max(offset, self.first.get(partition, 0))

    def close(self, timeout_s: float) -> None:
        """Nothing is ever in flight here."""

    def consumer(self) -> "MemoryFrameConsumer":
        """One more worker's end of this bus."""
        return MemoryFrameConsumer(self)


class MemoryFrameConsumer:
    """FrameConsumer: owns a partition from the first record it takes until it settles all, rewinds or leaves."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus
        self._stands_at: dict[int, int] = {}

    def poll(self, max_records: int, timeout_s: float) -> list[Delivery]:
        """What is there now; a twin does not wait."""
        taken: list[Delivery] = []
        for partition in range(len(self._bus.logs)):
            if self._bus.owners.get(partition, self) is self:
                taken += self._take(partition, max_records - len(taken))
        return taken

    def _take(self, partition: int, room: int) -> list[Delivery]:
        topic = self._bus.topic
        start = self._stands_at.get(partition, self._bus.next_offsets(topic).get(partition, 0))
        if (first := self._bus.first.get(partition, 0)) > start:
            return self._take(partition, room) if self._passed_gap(partition, start, first) else []
        entries = self._bus.logs[partition][start : start + room]
        if entries:
            self._bus.owners[partition] = self
            self._stands_at[partition] = start + len(entries)
        return [
            Delivery(Position(topic, partition, offset), offset, arrived_at, record)
            for offset, (record, arrived_at) in enumerate(entries, start)
        ]

    def _passed_gap(self, partition: int, start: int, first: int) -> bool:
        """Write down what was deleted, unless what lies before it is still being judged."""
        if self._bus.gaps is None:
            raise BusUnavailable("records were deleted from a bus that cannot write that down")
        if self._bus.next_offsets(self._bus.topic).get(partition, 0) < start:
            return False
        cameras = (self._bus.keys[partition].decode(errors="replace"),)
        try:
            self._bus.gaps.record_gap(Gap(self._bus.topic, partition, start, first, cameras, self._bus.clock()))
        except Fenced:
            return False
        self._stands_at.pop(partition, None)
        return True

    def settle(self, progress: Iterable[Progress]) -> None:
        """Give up each partition whose every taken record is settled."""
        for step in progress:
            if self._stands_at.get(step.partition) == step.next:
                self._release(step.partition)

    def hold(self) -> None:
        """Nobody takes a partition away here."""

    def rewind(self) -> None:
        """Give everything back."""
        for partition in list(self._stands_at):
            self._release(partition)

    def close(self) -> None:
        """The same as rewinding: others may take over."""
        self.rewind()

    def _release(self, partition: int) -> None:
        del self._stands_at[partition]
        self._bus.owners.pop(partition, None)


@dataclass
class MemoryArtifacts:
    """ArtifactStore and ArtifactShelf in a dictionary."""

    contents: dict[str, bytes] = field(default_factory=dict)
    clock: Clock = lambda: datetime.now(UTC)
    written: dict[str, datetime] = field(default_factory=dict)

    def put(self, name: str, content: bytes) -> str:
        """Keep it under memory:NAME."""
        uri = f"memory:{name}"
        self.contents[uri] = content
        self.written[uri] = self.clock()
        return uri

    def days(self, folder: Folder) -> list[str]:
        """By name."""
        names = [uri.removeprefix("memory:").split("/") for uri in self.contents]
        return sorted({name[1] for name in names if name[0] == folder and len(name) > 1})

    def files(self, folder: Folder, day: str) -> list[StoredFile]:
        """In order of their names."""
        found = sorted(uri for uri in self.contents if uri.startswith(f"memory:{folder}/{day}/"))
        return [StoredFile(uri, self.written[uri]) for uri in found]

    def delete(self, uri: str) -> None:
        """Forget it."""
        self.contents.pop(uri, None)

    def get(self, uri: str) -> bytes:
        """What was put there."""
        if uri not in self.contents:
            raise ArtifactMissing(uri)
        return self.contents[uri]


@dataclass
class MemoryBoard:
    """LiveBoard in a dictionary."""

    newest: dict[str, Tile] = field(default_factory=dict)

    def show(self, tiles: Sequence[Tile]) -> None:
        """Replace the tiles of these cameras."""
        self.newest |= {tile.camera: tile for tile in tiles}

    def tiles(self) -> list[Tile]:
        """By camera name."""
        return [self.newest[camera] for camera in sorted(self.newest)]


@dataclass
class MemoryVerdicts:
    """VerdictPublisher that remembers what it told."""

    told: list[OutboxMessage] = field(default_factory=list)

    def tell(self, messages: Sequence[OutboxMessage]) -> None:
        """Remember all, in order."""
        self.told += messages
