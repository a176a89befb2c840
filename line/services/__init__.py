"""The line's servers on this machine, without Docker: Kafka, Redis and Postgres, as far as they can be had."""

from line.services.daemon import ServerMissing
from line.services.kafka_broker import KafkaBroker, start_kafka
from line.services.redis_cache import RedisCache, start_redis

__all__ = ["KafkaBroker", "RedisCache", "ServerMissing", "start_kafka", "start_redis"]
