"""Somebody who may write to the bus, and speaks in another camera's name: through real processes, on both buses."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from core.adapters import wiring
from core.adapters.kafka_access import KafkaAccess
from core.adapters.kafka_bus import KafkaFramePublisher
from core.adapters.schema import inspection, quarantine
from core.frame import Frame, FrameHeader, FrameId, sha256_of
from core.ports import FramePublisher
from core.signature import CameraKey, signed
from core.verdict import ErrorReason
from core.wire import Record, to_record
from line.drill.place import PRODUCT, DrillLine
from line.drill.poison import jpeg
from tests.contracts.secured_kafka import PASSWORDS, secured_kafka
from tests.line.drills import line_on

pytestmark = [pytest.mark.server, pytest.mark.slow]

KEYS = {name: CameraKey(os.urandom(32)) for name in ("cam", "other")}
FRAMES, START, PATIENCE_S = 12, "00000000000f", 120


@dataclass(frozen=True)
class Place:
    """A line with a worker that has its cameras' keys, and how each camera reaches the bus."""

    line: DrillLine
    secured: bool

    def login(self, camera: str) -> dict[str, str]:
        """What this camera's process is told beside what everybody is."""
        said = {"INGEST_SIGNING_KEY": KEYS[camera].secret.hex()}
        return said | (environment_of(access(camera)) if self.secured else {})

    def publisher(self, camera: str) -> FramePublisher:
        if self.secured:
            return KafkaFramePublisher(access(camera))
        return wiring.open_publisher(self.line.settings)

    def rows(self) -> list[tuple[str, str, int, str, str]]:
        columns = (inspection.c.camera, inspection.c.start_id, inspection.c.sequence, inspection.c.decision)
        with self.line.ledger.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(select(*columns, inspection.c.reason))]  # type: ignore[misc]

    def own_rows(self) -> list[tuple[str, str, int, str, str]]:
        """Without what other tests sent over the broker that all share: no record of ours lacks its envelope."""
        return [row for row in self.rows() if row[4] != ErrorReason.ENVELOPE]

    def rows_once(self, count: int) -> list[tuple[str, str, int, str, str]]:
        """All rows, once there are so many."""
        until = time.monotonic() + PATIENCE_S
        while len(rows := self.own_rows()) < count and time.monotonic() < until:
            assert self.line.stations.running["worker"].poll() is None, self.line.stations.last_words("worker")
        assert len(rows) == count, (Counter(row[3:] for row in rows), self.line.stations.last_words("worker"))
        return rows


def access(user: str) -> KafkaAccess:
    return secured_kafka().access(user, PASSWORDS[user])


def environment_of(login: KafkaAccess) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP_SERVERS": login.bootstrap,
        "KAFKA_SECURITY_PROTOCOL": login.protocol,
        "KAFKA_SASL_USERNAME": login.username,
        "KAFKA_SASL_PASSWORD": login.password,
        "KAFKA_SSL_CAFILE": login.ca_file,
    }


@contextmanager
def place(bus: str, folder: Path) -> Iterator[Place]:
    keys = folder / "keys"
    keys.write_text("".join(f"{name} {key.secret.hex()}\n" for name, key in KEYS.items()))
    told = {"WORKER_CAMERA_KEYS": str(keys)} | (environment_of(access("worker")) if bus == "secured kafka" else {})
    with line_on("postgres", told) as line:
        yield Place(line, bus == "secured kafka")


def record(sequence: int, camera: str = "cam") -> Record:
    content = jpeg()
    frame_id = FrameId(camera, START, sequence)
    return to_record(
        Frame(FrameHeader(frame_id, datetime.now(UTC), PRODUCT, "p", "l", sha256_of(content), len(content)), content)
    )


def publish(publisher: FramePublisher, *records: Record) -> None:
    for told in [publisher.publish(one) for one in records]:
        told.result(60)
    publisher.close(5)


@pytest.mark.parametrize("bus", ["postgres", "secured kafka"])
def test_an_impostor_is_quarantined_and_the_camera_is_judged(bus: str, tmp_path: Path) -> None:
    """Unsigned, or signed by another camera, before the real frame or after it; what is sent again is nothing new."""
    with place(bus, tmp_path) as here:
        real = [signed(record(number), KEYS["cam"]) for number in range(3)]
        altered = replace(real[2], headers=tuple(_renamed(header) for header in real[2].headers))
        forged = [record(0), signed(record(1), KEYS["other"]), altered]
        publish(here.publisher("other"), *forged)
        publish(here.publisher("cam"), *real)
        publish(here.publisher("other"), *real, *forged[:1])
        worker = here.line.stations.start("worker", "worker")
        start_camera(here)
        rows = here.rows_once(len(real) + len(forged) + 1 + FRAMES)
        assert Counter(row[4] for row in rows if row[3] == "ERROR") == {"signature": len(forged) + 1}
        assert {row[:3] for row in rows if row[3] != "ERROR" and row[1] == START} == {
            ("cam", START, n) for n in range(3)
        }
        assert sum(row[0] == "cam" and row[1] != START for row in rows) == FRAMES
        assert all(row[0].startswith("?") for row in rows if row[3] == "ERROR")
        with here.line.ledger.engine.connect() as connection:
            found = connection.scalars(select(quarantine.c.reason))
            reasons = [reason for reason in found if reason != ErrorReason.ENVELOPE]
        assert Counter(reasons) == {"signature": len(forged) + 1}
        assert worker.poll() is None, "the worker still runs"
        assert not secrets_in(here.line.home / "logs")


def _renamed(header: tuple[str, bytes]) -> tuple[str, bytes]:
    """The part of another number, under the code of the first."""
    return (header[0], b"another part") if header[0] == "part" else header


def start_camera(here: Place) -> None:
    """The real process, with its own login and key."""
    words = {"--camera": "cam", "--product": PRODUCT, "--source": f"folder:{here.line.pictures}", "--rate": "20"}
    here.line.stations.start(
        "cam",
        "ingest",
        *(word for pair in words.items() for word in pair),
        *("--frames", str(FRAMES)),
        environment=here.login("cam"),
    )


def secrets_in(logs: Path) -> list[str]:
    """Which logs hold a password or a key."""
    secrets = [*PASSWORDS.values(), *(key.secret.hex() for key in KEYS.values())]
    texts = {path.name: path.read_text(errors="replace") for path in logs.glob("*.log")}
    assert {"worker.log", "cam.log"} <= set(texts)
    return [name for name, text in texts.items() if any(secret in text for secret in secrets)]
