"""What Kafka's retention deleted before anybody judged it: found where a reader is to stand, and written down."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from kafka import TopicPartition
from kafka.partitioner.default import murmur2

from core.errors import BusUnavailable, Fenced, LedgerUnavailable
from core.gap import Gap, GapLedger

log = structlog.get_logger()


def carried(cameras: Iterable[str], partition: int, partitions: int) -> tuple[str, ...]:
    """Those of the cameras whose frames lie in this partition: Kafka chooses it by the hash of their name."""
    return tuple(
        sorted(name for name in cameras if (murmur2(name.encode()) & 0x7FFFFFFF) % max(1, partitions) == partition)
    )


@dataclass
class GapWatch:
    """Notes gaps in the ledger. `overtaken` holds where a reader stood that retention has passed while it read."""

    ledger: GapLedger
    overtaken: dict[TopicPartition, int] = field(default_factory=dict)

    def start_of(self, partition: TopicPartition, recorded: int, first: int, partitions: int) -> int | None:
        """Where to read from, once what was deleted before it is written down. None: not yet, ask again.

        Raises:
            BusUnavailable: The ledger does not answer, so the gap is not written down.
        """
        # What was read before retention passed the reader is still being judged: the gap begins behind it.
        if recorded < self.overtaken.get(partition, recorded):
            return None
        if recorded < first and not self._noted(partition, recorded, first, partitions):
            return None
        self.overtaken.pop(partition, None)
        return max(recorded, first)

    def has_passed(
        self,
        stands_at: Mapping[TopicPartition, int],
        first_of: Callable[[list[TopicPartition]], Mapping[TopicPartition, int]],
    ) -> list[TopicPartition]:
        """Of these partitions those whose first record lies beyond the reader, which is remembered."""
        if not stands_at:
            return []
        first = first_of(list(stands_at))
        passed = {partition: at for partition, at in stands_at.items() if first[partition] > at}
        self.overtaken |= passed
        return list(passed)

    def forget(self) -> None:
        """Nothing that was read is being judged any more: the ledger's word alone counts."""
        self.overtaken.clear()

    def _noted(self, partition: TopicPartition, recorded: int, first: int, partitions: int) -> bool:
        try:
            cameras = carried(self.ledger.cameras_heard_of(), partition.partition, partitions)
            gap = Gap(partition.topic, partition.partition, recorded, first, cameras, datetime.now(UTC))
            self.ledger.record_gap(gap)
        except Fenced:
            return False  # another worker has moved it meanwhile
        except LedgerUnavailable as error:
            raise BusUnavailable(error.detail) from error
        log.error(
            "frames_lost_to_retention",
            topic=gap.topic,
            partition=gap.partition,
            first=gap.first,
            until=gap.until,
            frames=gap.frames,
            cameras=list(gap.cameras),
        )
        return True
