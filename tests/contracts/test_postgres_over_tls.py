"""Postgres over TLS with a login for each station, on the distribution's server: the wheel's has no TLS."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

import pytest
from sqlalchemy import Engine, text

from core.adapters.database import open_engine, translated
from core.adapters.grants import STATION_ROLES
from core.adapters.ledger import PostgresLedger
from core.adapters.postgres_logins import give_login
from core.errors import LedgerUnavailable, SettingRefused
from line.services.daemon import free_port
from tests import servers
from tests.certificates import Authority, authority

pytestmark = [pytest.mark.server, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
SETTINGS = "ssl=on ssl_cert_file=server.crt ssl_key_file=server.key listen_addresses=127.0.0.1 fsync=off"


@dataclass(frozen=True)
class Server:
    """A Postgres that answers over TLS only, at localhost."""

    port: int
    passwords: dict[str, str]
    trusted: Authority

    def url(
        self, user: str, host: str = "localhost", options: str = "sslmode=verify-full", ca: Path | None = None
    ) -> str:
        root = ca or self.trusted.path
        return f"postgresql://{user}:{self.passwords[user]}@{host}:{self.port}/postgres?{options}&sslrootcert={root}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not programs:
        servers.Missing("Postgres with TLS", "apt-get install postgresql").give_up()
    with tempfile.TemporaryDirectory(prefix="line-tls-") as name:
        folder, port = Path(name), free_port()
        trusted = authority(folder)
        passwords = {user: token_urlsafe(24) for user in ("postgres", *STATION_ROLES.values())}
        _make_cluster(programs[-1], folder, trusted, passwords["postgres"])
        options = " ".join(f"-c {setting}" for setting in SETTINGS.split())
        start = ["-w", "-t", "60", "-l", str(folder / "log"), "-o", f"-p {port} -k {folder} {options}", "start"]
        _run(programs[-1] / "pg_ctl", folder, "-D", str(folder / "data"), *start)
        try:
            yield Server(port, passwords, trusted)
        finally:
            _run(programs[-1] / "pg_ctl", folder, "-D", str(folder / "data"), "-m", "immediate", "stop")


def _make_cluster(programs: Path, folder: Path, trusted: Authority, password: str) -> None:
    (folder / "password").write_text(password)
    _hand_over(folder)
    how = ["-A", "scram-sha-256", "-U", "postgres", "--pwfile", str(folder / "password")]
    _run(programs / "initdb", folder, "-D", str(folder / "data"), "--no-sync", *how)
    trusted.sign(folder / "data", "localhost")
    (folder / "data" / "server.key").chmod(0o600)
    (folder / "data" / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
    _hand_over(folder)


def _hand_over(folder: Path) -> None:
    """Run by root, the server is somebody else: as root it refuses to start."""
    if os.geteuid() == 0:
        folder.chmod(0o755)
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, "postgres")


def _run(program: Path, folder: Path, *arguments: str) -> None:
    user = "postgres" if os.geteuid() == 0 else None
    with (folder / "output").open("w") as output:
        done = subprocess.run(
            [str(program), *arguments], cwd=folder, user=user, stdout=output, stderr=output, check=False, timeout=120
        )  # fmt: skip
    assert done.returncode == 0, (folder / "output").read_text()[-1000:]


@pytest.fixture(scope="module")
def migrated(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """By one command, which gives each station its login from the file with its own URL."""
    folder = tmp_path_factory.mktemp("secrets")
    files = [folder / f"{name}_database_url" for name in STATION_ROLES]
    for file, role in zip(files, STATION_ROLES.values(), strict=True):
        file.write_text(server.url(role) + "\n")
    command = [sys.executable, "-m", "core", "migrate", "--login", *map(str, files)]
    environment = {"DATABASE_URL": server.url("postgres"), "LOG_FORMAT": "json"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    for word in server.passwords.values():
        assert word not in done.stderr + done.stdout
    return server


def opened(url: str) -> Engine:
    engine = open_engine(url)
    with translated(), engine.connect() as connection:
        assert connection.scalar(text("select ssl from pg_stat_ssl where pid = pg_backend_pid()"))
    return engine


@pytest.mark.parametrize("role", STATION_ROLES.values())
def test_each_station_logs_in_over_tls_with_its_own_role(migrated: Server, role: str) -> None:
    """And is nobody else."""
    engine = opened(migrated.url(role))
    with engine.connect() as connection:
        assert connection.scalar(text("select session_user")) == role
        assert not connection.scalar(
            text("select rolsuper or rolcreaterole or rolcreatedb from pg_roles where rolname = session_user")
        )
    PostgresLedger(engine).products()
    engine.dispose()


def test_a_station_cannot_become_another(migrated: Server) -> None:
    """Neither by SET ROLE nor with its own password under another name."""
    engine = opened(migrated.url("line_ingest"))
    for role in ("line_owner", "line_worker", "postgres"):
        with pytest.raises(SettingRefused, match="permission denied"), translated(), engine.begin() as connection:
            connection.execute(text(f"set role {role}"))
    engine.dispose()
    stolen = migrated.url("line_worker").replace(migrated.passwords["line_worker"], migrated.passwords["line_ingest"])
    with pytest.raises(LedgerUnavailable, match="password authentication failed"):
        opened(stolen)


def test_a_server_that_is_not_the_named_one_is_not_trusted(migrated: Server, tmp_path: Path) -> None:
    """By another authority, under another name; and this one does not speak without TLS."""
    other = authority(tmp_path, "other authority")
    for url, words in (
        (migrated.url("line_worker", ca=other.path), "certificate verify failed"),
        (migrated.url("line_worker", host="127.0.0.1"), "does not match host name"),
        (migrated.url("line_worker", options="sslmode=disable"), "no encryption"),
    ):
        with pytest.raises(LedgerUnavailable, match=words):
            opened(url)


def test_only_stations_get_a_login_and_only_with_a_long_password(migrated: Server) -> None:
    """A superuser's name in a station's file is refused, and so is a word that can be guessed."""
    engine = opened(migrated.url("postgres"))
    for url, words in (
        (migrated.url("postgres"), "must be one of line_worker"),
        (migrated.url("line_worker").replace(migrated.passwords["line_worker"], "short"), "fewer than 12"),
        ("postgresql://line_worker@localhost/postgres", "fewer than 12"),
    ):
        with pytest.raises(SettingRefused, match=words):
            give_login(engine, open_engine(url).url)
    engine.dispose()
    opened(migrated.url("line_worker")).dispose()


@pytest.fixture
def line(migrated: Server, tmp_path: Path) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """A camera, a worker and a timetable, each a process with its own role; frames travel through Postgres."""
    (tmp_path / "artifacts").mkdir()
    shared = os.environ | {
        "ARTIFACT_URL": str(tmp_path / "artifacts"),
        "LINE_HOME": str(tmp_path),
        "LOG_FORMAT": "json",
    }
    quick = {"WORKER_MODEL_WAIT_S": "1", "WORKER_CACHE": str(tmp_path / "cache"), "RETRAIN_PRODUCTS_INTERVAL_S": "1"}
    camera = ["--camera", "line1-top", "--product", "disc", "--source", "simulated:disc", "--rate", "4"]
    started = {}
    for name, arguments in {"ingest": camera, "worker": [], "retrain": []}.items():
        environment = shared | quick | {"DATABASE_URL": migrated.url(f"line_{name}")}
        with (tmp_path / f"{name}.log").open("w") as log:
            command = [sys.executable, "-m", name, *arguments]
            started[name] = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, text=True)
    yield started
    for process in started.values():
        process.kill()
        process.wait(20)


def test_the_whole_line_runs_with_a_role_for_each_station(
    migrated: Server, line: dict[str, subprocess.Popen[str]], tmp_path: Path
) -> None:
    """Frames become rows, and nobody is refused anything; without a model each row is ERROR."""
    engine = opened(migrated.url("line_dashboard"))
    deadline = time.monotonic() + 150
    rows = 0
    while rows < 5 and time.monotonic() < deadline and all(process.poll() is None for process in line.values()):
        with engine.connect() as connection:
            rows = connection.scalar(text("select count(*) from inspection")) or 0
        try:
            line["ingest"].wait(0.5)
        except subprocess.TimeoutExpired:
            continue
    engine.dispose()
    for process in line.values():
        process.terminate()
    codes = {name: process.wait(60) for name, process in line.items()}
    logs = "".join((tmp_path / f"{name}.log").read_text() for name in line)
    assert "permission denied" not in logs, logs[-3000:]
    assert rows >= 5, logs[-3000:]
    assert codes == {"ingest": 0, "worker": 0, "retrain": 0}, logs[-3000:]
    for word in migrated.passwords.values():
        assert word not in logs
