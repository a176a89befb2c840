"""A frame that kills its worker's process, on a real bus and a real Postgres, with a supervisor that restarts it."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import select

from core.adapters import wiring
from core.adapters.schema import inspection, quarantine
from core.frame import Frame, FrameHeader, FrameId, sha256_of
from core.wire import to_record
from line.drill.place import PRODUCT, DrillLine
from tests.line.drills import line_on

pytestmark = [pytest.mark.server, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
START = "0000000000aa"
FRAMES, DEADLY = 12, 5
KILLED = -9


def frame(sequence: int) -> Frame:
    grey = 255 if sequence == DEADLY else 90
    content = cv2.imencode(".png", np.full((64, 64, 3), grey, np.uint8))[1].tobytes()
    frame_id = FrameId("line1-top", START, sequence)
    return Frame(FrameHeader(frame_id, datetime.now(UTC), PRODUCT, "p", "l", sha256_of(content), len(content)), content)


def publish(line: DrillLine) -> None:
    publisher = wiring.open_publisher(line.settings)
    for sequence in range(FRAMES):
        publisher.publish(to_record(frame(sequence))).result(60)
    publisher.close(10)


def supervised(line: DrillLine) -> list[int]:
    """Start the worker again for as long as it is killed; its exit codes."""
    codes: list[int] = []
    command = [sys.executable, "-m", "tests.line.deadly_worker"]
    while len(codes) < 9 and (not codes or codes[-1] == KILLED):
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | line.environment, capture_output=True, timeout=120, check=False
        )
        codes.append(done.returncode)
    return codes


@pytest.mark.parametrize("bus", ["postgres", "kafka"])
def test_a_frame_that_kills_three_workers_is_set_aside_by_the_fourth(bus: str) -> None:
    """Every frame has one row, the others are judged, and what killed them waits in the quarantine."""
    with line_on(bus) as line:
        publish(line)
        codes = supervised(line)
        with line.ledger.engine.connect() as connection:
            columns = (inspection.c.sequence, inspection.c.decision, inspection.c.reason)
            rows = list(connection.execute(select(*columns).order_by(inspection.c.sequence)))
            (aside,) = connection.execute(select(quarantine.c.reason, quarantine.c.evidence_uri))
        kept = wiring.open_artifacts(line.settings).get(aside.evidence_uri)
    assert codes == [KILLED, KILLED, KILLED, 0]
    assert [row.sequence for row in rows] == list(range(FRAMES))
    assert [row.sequence for row in rows if row.decision == "ERROR"] == [DEADLY]
    assert rows[DEADLY].reason == aside.reason == "stopped its worker three times"
    assert kept == frame(DEADLY).content
