"""Places in a Kafka topic: where it begins, where a reader would go on, and whether it is the topic it was."""

from collections.abc import Mapping

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import IllegalStateError

from core.adapters.kafka_topics import ANSWER_S
from core.errors import BusUnavailable


def check_reachable(partition: TopicPartition, start: int, end: int) -> None:
    """Raise BusUnavailable where the ledger stands beyond the topic's end: the topic is not the one it was."""
    if start > end:
        raise BusUnavailable(
            f"{partition.topic}/{partition.partition} ends at {end}, but {start} is recorded already: the topic was"
            " made anew; give it another name, or remove its rows from consumer_offset"
        )


def reached_offsets(consumer: KafkaConsumer) -> Mapping[TopicPartition, int]:
    """Where the client library would go on reading, where it knows that by itself just now."""
    found: dict[TopicPartition, int] = {}
    for partition in consumer.assignment():
        try:
            position = consumer.position(partition, timeout_ms=0)
        except (IllegalStateError, KeyError):
            continue  # taken away meanwhile
        if position is not None:
            found[partition] = position
    return found


def first_offsets(consumer: KafkaConsumer, partitions: list[TopicPartition]) -> Mapping[TopicPartition, int]:
    """The first record that each partition still has."""
    found: Mapping[TopicPartition, int] = consumer.beginning_offsets(partitions, timeout_ms=int(ANSWER_S * 1000))
    return found
