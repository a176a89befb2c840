"""What no worker should ever be sent, through a real bus, a worker process and Postgres."""

import struct
import time
import zlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from core.adapters import wiring
from core.adapters.schema import inspection, quarantine
from core.frame import ClaimedFrame, DroppedFrame, Frame, FrameHeader, FrameId, sha256_of
from core.verdict import ErrorReason
from core.wire import Record, to_record
from line.drill_line import PRODUCT, DrillLine
from tests.line.drills import line_on, peak_memory_mb, settings_of

pytestmark = [pytest.mark.server, pytest.mark.slow]

ROUNDS = 10
GOOD_PER_ROUND = 10
START = "00000000000a"
MEMORY_LIMIT_MB = 500


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def giant_png(side: int = 20_000) -> bytes:
    """A picture of 400 megapixels in a few kilobytes, whole and well-formed."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    shape = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", shape) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    import cv2

    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)
    return cv2.imencode(".jpg", noise)[1].tobytes()


def frame(sequence: int, content: bytes, captured_at: datetime | None = None) -> Frame:
    moment = captured_at or datetime.now(UTC)
    frame_id = FrameId("poisoner", START, sequence)
    return Frame(FrameHeader(frame_id, moment, PRODUCT, "p", "l", sha256_of(content), len(content)), content)


def poison(sequence: int, giant: bytes) -> list[tuple[Record, ErrorReason]]:
    """One of each, with numbers from `sequence` on."""
    good = jpeg()
    contents = [
        (b"", ErrorReason.EMPTY),
        (good[: len(good) // 2], ErrorReason.UNDECODABLE),
        (giant, ErrorReason.TOO_LARGE),
        (b"this is no picture\x00" * 50, ErrorReason.UNDECODABLE),
        (good[:200] + bytes(1_000_000), ErrorReason.UNDECODABLE),
    ]
    records = [(to_record(frame(sequence + n, content)), reason) for n, (content, reason) in enumerate(contents)]
    whole = frame(sequence + 5, good)
    long_ago = datetime.now(UTC) - timedelta(days=9000)
    return [
        *records,
        (replace(to_record(whole), value=b"another body"), ErrorReason.CONTENT),
        (Record(b"poisoner", (("content-type", b"image/png"),), good), ErrorReason.ENVELOPE),
        (to_record(ClaimedFrame(frame(sequence + 6, good).header, "file:///etc/passwd")), ErrorReason.MISSING),
        (to_record(DroppedFrame(frame(sequence + 7, b"").header, "queue full\x00")), ErrorReason.DROPPED),
        (to_record(frame(sequence + 8, good, captured_at=long_ago)), ErrorReason.CLOCK),
    ]


@pytest.mark.parametrize("bus", ["postgres", "kafka"])
def test_each_poison_is_one_error_row_with_its_reason_and_good_frames_are_judged(bus: str) -> None:
    """Ten of each among a hundred good ones; the worker's memory stays far below what one giant would take."""
    giant = giant_png()
    with line_on(bus) as line:
        process = line.stations.start("worker", "worker")
        expected: Counter[str] = Counter()
        records: list[Record] = []
        for number in range(ROUNDS):
            bad = poison(1000 * number, giant)
            expected.update(reason for _, reason in bad)
            good = [to_record(frame(1000 * number + 100 + n, jpeg())) for n in range(GOOD_PER_ROUND)]
            records += [record for pair in zip((record for record, _ in bad), good, strict=True) for record in pair]
        publish(line, records)
        decisions, reasons = wait_for_rows(line, len(records))
        peak = peak_memory_mb(process.pid)
        print(f"{bus}: {len(records)} records, peak memory of the worker {peak:.0f} MB")
        assert reasons == expected
        assert decisions["ERROR"] == len(records) - ROUNDS * GOOD_PER_ROUND
        assert not peak > MEMORY_LIMIT_MB
        assert process.poll() is None, "the worker still runs"
        assert quarantined(line) == ROUNDS * 9, "all but the announced drops"


def publish(line: DrillLine, records: list[Record]) -> None:
    publisher = wiring.open_publisher(settings_of(line))
    try:
        for waiting in [publisher.publish(record) for record in records]:
            waiting.result(60)
    finally:
        publisher.close(10)


def wait_for_rows(line: DrillLine, count: int) -> tuple[Counter[str], Counter[str]]:
    """The rows by decision and by reason, once there are so many; the deadline is a minute and a half."""
    until = time.monotonic() + 90
    rows: list[tuple[str, str]] = []
    while len(rows) < count and time.monotonic() < until:
        with line.ledger.engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(select(inspection.c.decision, inspection.c.reason))]
    assert len(rows) == count, line.stations.last_words("worker")
    return Counter(row[0] for row in rows), Counter(row[1] for row in rows if row[1])


def quarantined(line: DrillLine) -> int:
    with line.ledger.engine.connect() as connection:
        return len(connection.execute(select(quarantine.c.id)).all())
