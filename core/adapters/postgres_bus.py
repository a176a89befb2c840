"""The frame bus as a durable queue in the line's own Postgres: publisher, consumer, backlog."""

from core.adapters.postgres_consumer import PostgresFrameConsumer
from core.adapters.postgres_lanes import PostgresBacklog
from core.adapters.postgres_publisher import PostgresFramePublisher

__all__ = ["PostgresBacklog", "PostgresFrameConsumer", "PostgresFramePublisher"]
