"""A frame that kills the worker's process, through a real Postgres, with a supervisor that restarts it."""

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
from core.settings import LineSettings
from core.wire import to_record
from tests.dashboard.places import Place, fresh_line

pytestmark = [pytest.mark.server, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
START = "0000000000aa"
FRAMES, DEADLY = 12, 5
KILLED = -9


def frame(sequence: int) -> Frame:
    grey = 255 if sequence == DEADLY else 90
    content = cv2.imencode(".png", np.full((64, 64, 3), grey, np.uint8))[1].tobytes()
    frame_id = FrameId("line1-top", START, sequence)
    return Frame(FrameHeader(frame_id, datetime.now(UTC), "disc", "p", "l", sha256_of(content), len(content)), content)


def run(module: str, place: Place, folder: Path, *arguments: str) -> int:
    told = os.environ | place.environment | {"WORKER_CACHE": str(folder / "cache")}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, env=told, capture_output=True, timeout=120, check=False).returncode


def test_a_frame_that_kills_three_workers_is_set_aside_by_the_fourth(tmp_path: Path) -> None:
    """Every frame has one row, the others are judged, and what killed them waits in the quarantine."""
    with fresh_line(tmp_path) as place:
        assert run("worker.brightness", place, tmp_path, "--product", "disc") == 0
        settings = {name.lower(): value for name, value in place.environment.items()}
        publisher = wiring.open_publisher(LineSettings(**settings))
        for sequence in range(FRAMES):
            publisher.publish(to_record(frame(sequence))).result(30)
        publisher.close(10)
        codes = [run("tests.line.deadly_worker", place, tmp_path) for _ in range(4)]
        with place.engine.connect() as connection:
            columns = (inspection.c.sequence, inspection.c.decision, inspection.c.reason)
            rows = list(connection.execute(select(*columns).order_by(inspection.c.sequence)))
            (aside,) = connection.execute(select(quarantine.c.reason, quarantine.c.evidence_uri))
    assert codes == [KILLED, KILLED, KILLED, 0]
    assert [row.sequence for row in rows] == list(range(FRAMES))
    assert [row.sequence for row in rows if row.decision == "ERROR"] == [DEADLY]
    assert rows[DEADLY].reason == aside.reason == "stopped its worker three times"
    assert place.line.artifacts.get(aside.evidence_uri) == frame(DEADLY).content
