"""The frame bus on Kafka, one client library in four files: topics, publisher, consumer, backlog."""

from core.adapters.kafka_backlog import KafkaBacklog
from core.adapters.kafka_consumer import KafkaFrameConsumer
from core.adapters.kafka_publisher import KafkaFramePublisher, KafkaVerdicts
from core.adapters.kafka_topics import ensure_topics

__all__ = ["KafkaBacklog", "KafkaFrameConsumer", "KafkaFramePublisher", "KafkaVerdicts", "ensure_topics"]
