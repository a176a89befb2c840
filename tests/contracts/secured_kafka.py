"""One broker with TLS, logins and grants for all tests that need it: started at its first use."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from core.adapters.kafka_topics import ensure_topics
from core.adapters.kafka_users import KafkaRole, KafkaUsers
from core.errors import LineError
from line.services.daemon import free_port
from line.services.kafka_secured import SecuredKafka, start_secured_kafka
from tests.servers import Missing

PASSWORDS = {name: f"{name}-{os.urandom(12).hex()}" for name in ("cam", "other", "worker", "dashboard", "owner")}


def secured_kafka() -> SecuredKafka:
    """With topics, two cameras, a worker, a dashboard and an owner."""
    broker = _secured_kafka()
    return broker.give_up() if isinstance(broker, Missing) else broker


@cache
def _secured_kafka() -> SecuredKafka | Missing:
    folder = Path(tempfile.mkdtemp(prefix="line-secured-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        kafka = start_secured_kafka(folder / "kafka", free_port())
    except LineError as error:
        return Missing("Kafka with TLS", error.detail)
    atexit.register(kafka.broker.kill)
    ensure_topics(kafka.admin, partitions=3)
    users = KafkaUsers(kafka.admin)
    for name, password in PASSWORDS.items():
        users.save(name, KafkaRole.CAMERA if name in ("cam", "other") else KafkaRole(name), password)
    users.close()
    return kafka
