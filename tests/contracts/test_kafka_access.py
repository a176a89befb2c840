"""A broker with TLS, logins and grants: each user does its work and nothing else."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import TopicAuthorizationFailedError

from core.adapters.in_memory_ledger import MemoryLedger
from core.adapters.kafka_access import KafkaAccess, client_options
from core.adapters.kafka_bus import (
    KafkaBacklog,
    KafkaFrameConsumer,
    KafkaFramePublisher,
    KafkaVerdicts,
    ensure_topics,
)
from core.adapters.kafka_users import KafkaRole, KafkaUsers
from core.errors import BusForbidden, BusUnavailable
from core.inspection import OutboxMessage
from core.wire import TOPIC, Record
from line.servers import read_environment
from line.services.kafka_secured import write_login
from tests.contracts.buses import take
from tests.contracts.secured_kafka import PASSWORDS, secured_kafka

pytestmark = [pytest.mark.server, pytest.mark.slow]

RECORD = Record(b"cam", (("version", b"1"),), b"x")
PATIENCE_S = 30


def login(name: str) -> KafkaAccess:
    return secured_kafka().access(name, PASSWORDS[name])


def publish(access: KafkaAccess, topic: str = TOPIC) -> int:
    publisher = KafkaFramePublisher(access, topic)
    try:
        return publisher.publish(RECORD).result(PATIENCE_S).offset
    finally:
        publisher.close(1)


def poll(access: KafkaAccess) -> None:
    consumer = KafkaFrameConsumer(access, lambda _: {}, "me", MemoryLedger())
    try:
        for _ in range(3):
            consumer.poll(1, 2)
    finally:
        consumer.close()


def test_a_camera_writes_and_a_worker_reads_and_tells() -> None:
    """Each with its own login."""
    publish(login("cam"))
    worker = KafkaFrameConsumer(login("worker"), lambda _: {}, "worker", MemoryLedger())
    assert RECORD in [delivery.record for delivery in take(worker, 1)]
    worker.close()
    verdicts = KafkaVerdicts(login("worker"))
    verdicts.tell([OutboxMessage(1, "cam", "{}")])
    verdicts.close()


def test_a_dashboard_counts_what_waits() -> None:
    publish(login("cam"))
    backlog = KafkaBacklog(login("dashboard"), lambda _: {})
    assert backlog.waiting() >= 1
    backlog.close()


def test_an_owner_makes_the_topics_of_the_line_and_no_others() -> None:
    """They are there already; others are refused."""
    ensure_topics(login("owner"))
    with pytest.raises(BusForbidden):
        ensure_topics(login("owner"), frames=f"t-{uuid.uuid4().hex}")


FORBIDDEN: dict[str, Callable[[], object]] = {
    "a camera reads frames": lambda: poll(login("cam")),
    "a camera writes verdicts": lambda: publish(login("cam"), "inspection.verdicts.v1"),
    "a camera makes topics": lambda: ensure_topics(login("cam"), frames=f"t-{uuid.uuid4().hex}"),
    "a camera makes users": lambda: KafkaUsers(login("cam")).save("friend", KafkaRole.OWNER, "x" * 20),
    "a worker writes frames": lambda: publish(login("worker")),
    "a worker makes users": lambda: KafkaUsers(login("worker")).save("friend", KafkaRole.OWNER, "x" * 20),
    "a dashboard reads frames": lambda: poll(login("dashboard")),
    "a dashboard writes frames": lambda: publish(login("dashboard")),
    "an owner writes frames": lambda: publish(login("owner")),
}


@pytest.mark.parametrize("deed", FORBIDDEN)
def test_what_is_not_granted_is_refused_by_name(deed: str) -> None:
    """The error says what would grant it."""
    with pytest.raises(BusForbidden, match="kafka_user"):
        FORBIDDEN[deed]()


def test_a_camera_cannot_read_frames_without_a_group_either() -> None:
    """Nor see what other cameras see."""
    publish(login("other"))
    consumer = KafkaConsumer(**client_options(login("cam")), auto_offset_reset="earliest")
    consumer.assign([TopicPartition(TOPIC, number) for number in range(3)])
    with pytest.raises(TopicAuthorizationFailedError):
        read_something(consumer)
    consumer.close()


def read_something(consumer: KafkaConsumer) -> None:
    for _ in range(5):
        assert not consumer.poll(timeout_ms=2000)


STRANGERS: dict[str, Callable[[], KafkaAccess]] = {
    "a wrong password": lambda: replace(login("cam"), password="not the password of it"),
    "an unknown user": lambda: replace(login("cam"), username="nobody"),
    "another authority": lambda: replace(login("cam"), ca_file=""),
    "no encryption": lambda: KafkaAccess(secured_kafka().broker.bootstrap),
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_stranger_is_not_let_in_and_no_password_is_said(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """The library says only that nobody answers; the error names what else it may be."""
    caplog.set_level(0)
    access = STRANGERS[kind]()
    with pytest.raises(BusUnavailable, match=r"KAFKA_SASL_PASSWORD|KAFKA_BOOTSTRAP_SERVERS") as refusal:
        publish(access)
    said = caplog.text + str(refusal.value) + repr(access)
    assert not any(password in said for password in (*PASSWORDS.values(), "not the password"))


def test_no_login_leaves_a_password_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    """At any level, of the client library neither."""
    caplog.set_level(0)
    publish(login("cam"))
    assert not any(password in caplog.text for password in PASSWORDS.values())
    assert caplog.text, "the library did log"


def kafka_user(*words: str, password: str = "") -> "subprocess.CompletedProcess[str]":
    """The command, run by the administrator."""
    told = read_environment(write_login(secured_kafka()))
    command = [sys.executable, "-m", "core.kafka_user", *words]
    return subprocess.run(
        command, env=os.environ | told, input=password + "\n", capture_output=True, text=True, check=False
    )


def test_the_command_makes_a_user_changes_its_password_and_removes_it() -> None:
    """The password comes on standard input and is repeated nowhere."""
    first, second = uuid.uuid4().hex, uuid.uuid4().hex
    for password in (first, second):
        done = kafka_user("save", "third", "--role", "camera", password=password)
        assert done.returncode == 0, done.stderr
        assert password not in done.stdout + done.stderr
    publish(secured_kafka().access("third", second))
    with pytest.raises(BusUnavailable):
        publish(secured_kafka().access("third", first))
    assert kafka_user("remove", "third").returncode == 0
    with pytest.raises(BusUnavailable):
        publish(secured_kafka().access("third", second))


def test_a_new_role_takes_the_old_ones_grants_away() -> None:
    """A camera's login that becomes a dashboard's writes no more frames."""
    password = uuid.uuid4().hex
    users = KafkaUsers(secured_kafka().admin)
    users.save("fourth", KafkaRole.CAMERA, password)
    publish(secured_kafka().access("fourth", password))
    users.save("fourth", KafkaRole.DASHBOARD, password)
    users.close()
    with pytest.raises(BusForbidden):
        publish(secured_kafka().access("fourth", password))


def test_what_the_broker_keeps_on_disk_is_for_its_user_alone() -> None:
    """Its password stands in three of its files."""
    folder = secured_kafka().folder
    secret = secured_kafka().admin.password
    write_login(secured_kafka())
    holding = [path for path in folder.glob("*") if path.is_file() and secret in path.read_text(errors="replace")]
    assert {path.name for path in holding} == {"admin.env", "admin.secret", "server.properties"}
    assert {path.stat().st_mode & 0o077 for path in (folder, *holding)} == {0}


def test_a_short_password_is_refused_and_not_repeated() -> None:
    done = kafka_user("save", "fifth", "--role", "camera", password="secret7")
    assert done.returncode == 1
    assert "secret7" not in done.stdout + done.stderr
