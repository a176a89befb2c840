"""A full artifact store and a full Postgres volume, for real: small file systems in memory, and a worker's process."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.adapters import embedded, wiring
from core.adapters.artifacts import FsspecArtifacts
from core.adapters.database import open_engine
from core.adapters.schema import inspection
from core.errors import ArtifactsFull
from core.frame import Frame, FrameHeader, FrameId, sha256_of
from core.wire import to_record
from line.drill.place import PRODUCT, SIDE, DrillLine
from tests.line.drills import line_on

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
FRAMES = 40


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of this size in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}; it needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def resize(folder: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


def publish(line: DrillLine) -> None:
    publisher = wiring.open_publisher(line.settings)
    for sequence in range(FRAMES):
        pixels = np.full((SIDE, SIDE, 3), 70, np.uint8)
        pixels[40:56, 40:56] = 255  # a white spot, which brightness alone finds
        pixels[0, 0] = sequence
        content = cv2.imencode(".png", pixels)[1].tobytes()
        frame_id = FrameId("line1-top", "0000000000aa", sequence)
        header = FrameHeader(frame_id, datetime.now(UTC), PRODUCT, "p", "l", sha256_of(content), len(content))
        publisher.publish(to_record(Frame(header, content))).result(60)
    publisher.close(10)


def work(line: DrillLine, deadline_s: int, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | dict(line.environment) | {"WORKER_RETRY_DEADLINE_S": str(deadline_s)} | settings
    command = [sys.executable, "-m", "worker", "--stop-when-idle", "3"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False)


def rows(line: DrillLine) -> list[tuple[int, str, str]]:
    columns = (inspection.c.sequence, inspection.c.decision, inspection.c.frame_uri)
    with line.ledger.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(inspection.c.sequence))]


def assert_all_judged_once(line: DrillLine) -> None:
    found = rows(line)
    assert [sequence for sequence, _, _ in found] == list(range(FRAMES))
    assert {decision for _, decision, _ in found} == {"REVIEW"}
    store = wiring.open_artifacts(line.settings)
    assert all(store.get(uri) for _, _, uri in found)


def test_a_full_store_keeps_nothing_half_and_takes_more_once_there_is_room(tmp_path: Path) -> None:
    """The error names the remedy; no partial file takes the last of the room."""
    with small_disk(tmp_path / "store", "64k") as folder:
        store = FsspecArtifacts(str(folder))
        kept: list[str] = []

        def put_on() -> None:
            for number in range(100):
                kept.append(store.put(f"frames/2026-11-24/{number}.png", bytes(8192)))  # noqa: PERF401

        with pytest.raises(ArtifactsFull, match="python -m core retain"):
            put_on()
        assert 0 < len(kept) < 9
        assert sorted(f"file://{path}" for path in folder.rglob("*") if path.is_file()) == sorted(kept)
        store.delete(kept[0])
        store.put("frames/2026-11-24/more.png", bytes(8192))
        assert all(store.get(uri) == bytes(8192) for uri in kept[1:])


def test_a_worker_whose_store_is_full_ends_with_the_remedy_and_drains_once_there_is_room() -> None:
    """Frames wait on the bus meanwhile; what was recorded before has its picture."""
    with line_on("postgres") as line, small_disk(line.home / "artifacts" / "frames", "48k") as disk:
        publish(line)
        ended = work(line, deadline_s=3)
        told = ended.stdout + ended.stderr
        assert ended.returncode == 1, told
        assert "no room left" in told
        assert "python -m core retain" in told
        before = rows(line)
        assert len(before) < FRAMES
        assert {decision for _, decision, _ in before} <= {"REVIEW"}
        resize(disk, "8m")
        assert work(line, deadline_s=60).returncode == 0
        assert_all_judged_once(line)


@pytest.mark.parametrize("filler", ["unlogged", ""], ids=["data files", "write-ahead log"])
def test_a_full_postgres_volume_stops_the_worker_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filler: str
) -> None:
    """Full data files are an error of the statement; a full log ends the server itself. Frames wait either way."""
    place = Path(tempfile.mkdtemp(prefix="disk-"))
    with small_disk(place, "240m"):
        monkeypatch.setattr(tempfile, "tempdir", str(place))
        with line_on("postgres") as line:
            publish(line)
            ballast = line.home / "ballast"
            ballast.write_bytes(bytes(48 * 1024 * 1024))
            fill_up(line, filler)
            # Bundles are fetched to another disk: this is about Postgres.
            ended = work(line, deadline_s=3, WORKER_CACHE=str(tmp_path / "bundles"))
            told = ended.stdout + ended.stderr
            assert ended.returncode == 1, told
            assert "Postgres" in told
            if filler:
                assert "no room left" in told
            ballast.unlink()
            embedded.embedded_url(line.home)  # started again, where it ended
            assert len(rows(line)) < FRAMES
            assert work(line, deadline_s=60).returncode == 0
            assert_all_judged_once(line)
    place.rmdir()


def fill_up(line: DrillLine, kind: str) -> None:
    """Write until Postgres finds no more room; what it has written stays."""
    engine = open_engine(line.environment["DATABASE_URL"])
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"create {kind} table filler (content bytea)"))
            connection.execute(text("alter table filler alter content set storage external"))
            for size in (1_000_000, 100_000, 8_000, 1_500, 100):
                with_room = True
                while with_room:
                    try:
                        connection.execute(
                            text("insert into filler select decode(repeat('00', :size), 'hex')"), {"size": size}
                        )
                    except DBAPIError as error:
                        with_room = False
                        if error.connection_invalidated or "53100" not in str(getattr(error.orig, "pgcode", "")):
                            return
    finally:
        engine.dispose()
