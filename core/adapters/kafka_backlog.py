"""How much of the Kafka topic nobody has judged yet."""

from collections.abc import Callable, Mapping
from threading import Lock

from kafka import KafkaConsumer, TopicPartition

from core.adapters.kafka_access import Broker, client_options
from core.adapters.kafka_topics import ANSWER_S, require_crc32c, translated
from core.errors import BusUnavailable, LedgerUnavailable
from core.wire import TOPIC


class KafkaBacklog:
    """Backlog: the topic's ends minus the ledger's offsets. Any thread may ask."""

    def __init__(self, bootstrap: Broker, next_offsets: Callable[[str], Mapping[int, int]], topic: str = TOPIC) -> None:
        require_crc32c()
        self._bootstrap = bootstrap
        self._next_offsets = next_offsets
        self._topic = topic
        self._consumer: KafkaConsumer | None = None
        self._one_at_a_time = Lock()

    def waiting(self) -> int:
        """Over all partitions; what retention has removed is not counted.

        Raises:
            BusUnavailable: The broker or the ledger does not answer.
        """
        try:
            recorded = self._next_offsets(self._topic)
        except LedgerUnavailable as error:
            raise BusUnavailable(error.detail) from error
        first, end = self._bounds()
        return sum(max(0, end[number] - max(first[number], recorded.get(number, 0))) for number in end)

    def _bounds(self) -> tuple[dict[int, int], dict[int, int]]:
        with self._one_at_a_time, translated(self._bootstrap):
            if self._consumer is None:
                self._consumer = KafkaConsumer(**client_options(self._bootstrap))
            partitions = [
                TopicPartition(self._topic, number) for number in self._consumer.partitions_for_topic(self._topic) or ()
            ]
            first = self._consumer.beginning_offsets(partitions, timeout_ms=int(ANSWER_S * 1000))
            end = self._consumer.end_offsets(partitions, timeout_ms=int(ANSWER_S * 1000))
        return {one.partition: first[one] for one in partitions}, {one.partition: end[one] for one in partitions}

    def close(self) -> None:
        """Let go. Safe to call twice."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close(timeout_ms=1000)
