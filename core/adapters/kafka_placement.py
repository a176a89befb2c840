"""What a worker does when the broker gives it partitions or takes them: it stands nowhere in them yet, or any more."""

from collections.abc import Iterable

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor


class Placement(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """Keeps newly given partitions still until the polling thread has asked the ledger where to stand in them.

    It runs on the library's own thread, where nothing may block.
    """

    def __init__(
        self, consumer: KafkaConsumer, assignor: CooperativeStickyAssignor, stands_at: dict[TopicPartition, int]
    ) -> None:
        self._consumer = consumer
        self._assignor = assignor
        self._stands_at = stands_at

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Stand nowhere in them yet."""
        given = list(assigned)
        self.on_partitions_revoked(given)
        self._consumer.pause(*given)

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Forget where the reader stood."""
        for partition in revoked:
            self._stands_at.pop(partition, None)

    def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        """Forget where the reader stood, and claim nothing when joining again.

        The library would claim what was lost. Where all workers lose their place at once, as in a pause of the whole
        machine, several claim the same partitions, and the leader keeps those back for owners who give up nothing:
        nobody would read them until the next worker comes or goes.
        """
        self._assignor.member_assignment = None
        self.on_partitions_revoked(lost)
