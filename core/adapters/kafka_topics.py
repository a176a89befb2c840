"""What every Kafka client of the line needs first: a fast checksum, the topics, and one name for what goes wrong."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from core.errors import BusUnavailable, SettingRefused
from core.wire import INLINE_LIMIT, TOPIC, VERDICTS_TOPIC

CONNECT_S = 10.0
RECONNECT_MS = 1000
"""Longest pause before a client knocks again; the library's 30 seconds would outlast a broker's restart."""

ANSWER_S = 10.0
PARTITIONS = 12
BROKERS_DEFAULT = -1
RECORD_LIMIT = INLINE_LIMIT + 64 * 1024
"""Bytes of the largest record: an inline frame, its headers and the envelope Kafka puts around them."""

HOUR_MS = 3_600_000
FRAMES_CONFIG = {
    "max.message.bytes": str(2 * RECORD_LIMIT),
    # The worker trusts the broker's clock, not the camera's.
    "message.timestamp.type": "LogAppendTime",
    # Pictures do not get smaller, and what a stranger compressed is unpacked by the broker, not by a worker.
    "compression.type": "uncompressed",
    "retention.ms": str(24 * HOUR_MS),
    "retention.bytes": str(4 * 1024**3),
    "segment.bytes": str(256 * 1024**2),
}
VERDICTS_CONFIG = {"retention.ms": str(7 * 24 * HOUR_MS), "message.timestamp.type": "LogAppendTime"}


@contextmanager
def translated() -> Iterator[None]:
    """Name what Kafka cannot do just now.

    Raises:
        BusUnavailable: It does not answer, refuses, or gave up; trying again is safe.
    """
    try:
        yield
    except KafkaError as error:
        raise BusUnavailable(str(error)) from error


def require_crc32c() -> None:
    """Refuse to start where Kafka's checksums would be computed in Python, at 8 MB/s instead of 150.

    Raises:
        SettingRefused: The crc32c package is not installed.
    """
    if importlib.util.find_spec("crc32c") is None:
        raise SettingRefused("KAFKA_BOOTSTRAP_SERVERS needs the package crc32c: install kafka-python[crc32c]")


def ensure_topics(
    bootstrap: str, partitions: int = PARTITIONS, frames: str = TOPIC, verdicts: str = VERDICTS_TOPIC
) -> None:
    """Create the topics of frames and verdicts where they are missing; those that exist stay as they are.

    Raises:
        BusUnavailable: The broker does not answer or refuses.
    """
    with translated():
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap,
            bootstrap_timeout_ms=int(CONNECT_S * 1000),
            reconnect_backoff_max_ms=RECONNECT_MS,
        )
        try:
            for name, config in ((frames, FRAMES_CONFIG), (verdicts, VERDICTS_CONFIG)):
                _ensure(admin, name, partitions, config)
        finally:
            admin.close()


def _ensure(admin: KafkaAdminClient, name: str, partitions: int, config: dict[str, str]) -> None:
    options = {"num_partitions": partitions, "replication_factor": BROKERS_DEFAULT, "configs": config}
    # Two stations that start together may both find it missing.
    try:
        if name not in admin.list_topics():
            admin.create_topics({name: options}, wait_for_metadata=True)
    except TopicAlreadyExistsError:
        return
