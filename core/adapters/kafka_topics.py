"""What every Kafka client of the line needs first: a fast checksum, the topics, and one name for what goes wrong."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaAdminClient
from kafka.errors import AuthorizationError, KafkaError, SaslAuthenticationFailedError, TopicAlreadyExistsError

from core.adapters.kafka_access import Broker, as_access, client_options
from core.errors import BusForbidden, BusUnavailable, SettingRefused
from core.wire import RECORD_LIMIT, TOPIC, VERDICTS_TOPIC

ANSWER_S = 10.0
FORBIDDEN = "AuthorizationFailed"
PARTITIONS = 12
BROKERS_DEFAULT = -1
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
def translated(broker: Broker = "") -> Iterator[None]:
    """Name what Kafka cannot do just now.

    Raises:
        BusForbidden: It knows us and does not let us, or does not know us.
        BusUnavailable: It does not answer, or gave up; trying again is safe.
    """
    try:
        yield
    except KafkaError as error:
        raise to_line_error(error, broker) from error


def to_line_error(error: object, broker: Broker = "") -> BusUnavailable:
    """The line's own name for what a client said."""
    # Who may write nothing at all is refused a producer's number: the library wraps that in a plain error.
    if isinstance(error, AuthorizationError | SaslAuthenticationFailedError) or FORBIDDEN in str(error):
        return BusForbidden(str(error))
    hint = as_access(broker).hint
    return BusUnavailable(f"{error}; {hint}" if hint else str(error))


def require_crc32c() -> None:
    """Refuse to start where Kafka's checksums would be computed in Python, at 8 MB/s instead of 150.

    Raises:
        SettingRefused: The crc32c package is not installed.
    """
    if importlib.util.find_spec("crc32c") is None:
        raise SettingRefused("KAFKA_BOOTSTRAP_SERVERS needs the package crc32c: install kafka-python[crc32c]")


def ensure_topics(
    bootstrap: Broker, partitions: int = PARTITIONS, frames: str = TOPIC, verdicts: str = VERDICTS_TOPIC
) -> None:
    """Create the topics of frames and verdicts where they are missing; those that exist stay as they are.

    Raises:
        BusUnavailable: The broker does not answer or refuses.
    """
    with translated(bootstrap):
        admin = KafkaAdminClient(**client_options(bootstrap))
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
