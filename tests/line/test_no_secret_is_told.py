"""Secrets in every setting that can hold one: no station tells them, whatever goes wrong."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from core.__main__ import STATIONS
from core.adapters.live_board_redis import RedisLiveBoard
from core.errors import SettingRefused
from line.services.daemon import free_port

ROOT = Path(__file__).parents[2]
MARK = "Xyzzy4711"
CAN_HOLD_ONE = re.compile(r"URL|PASSWORD|SECRET|TOKEN|_KEY\b")  # names in the plural are those of files
WHOLE = {
    "DATABASE_URL": f"postgresql://line:{MARK}@127.0.0.1:9/line",
    "REDIS_URL": f"redis://line:{MARK}@127.0.0.1:9/0",
    "ARTIFACT_URL": f"s3://line:{MARK}@127.0.0.1:9/bucket",
}
"""Names of servers that do not answer."""

BROKEN = {
    "DATABASE_URL": f"postgresql://line:{MARK}/{MARK}#{MARK}@[127.0.0.1:nine/line",
    "REDIS_URL": f"redis://line:{MARK}/{MARK}#{MARK}@127.0.0.1:nine/0",
}
"""No URLs at all: a password with signs that should have been escaped."""

OTHER = {"DATABASE_URL": f"mysql://line:{MARK}@127.0.0.1:9/line"}
CAMERA = ("--camera", "line1-top", "--product", "disc", "--rate", "2", "--source", f"rtsp://eye:{MARK}@127.0.0.1:9/top")
STATIONS_RUN = {
    "ingest": ("ingest", *CAMERA),
    "ingest from rows": ("ingest", "--from-database"),
    "worker": ("worker",),
    "retrain": ("retrain",),
    "dashboard": ("dashboard", "--port", "PORT"),
    "migrate": ("core", "migrate"),
    "audit": ("core", "audit"),
    "status": ("retrain", "status"),
    "cameras": ("ingest", "camera", "list"),
}
ENOUGH_S = 40.0


def settings_classes() -> list[type[BaseSettings]]:
    found = []
    for station in STATIONS:
        path = ROOT / station / "settings.py"
        values = vars(import_module(f"{station}.settings")).values() if path.exists() else ()
        found += [one for one in values if isinstance(one, type) and issubclass(one, BaseSettings)]
    return [one for one in found if one is not BaseSettings]


def secret_variables() -> list[str]:
    """Those of `.env.example`, which another test keeps complete, whose name says so."""
    names = re.findall(r"^([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M)
    return [name for name in names if CAN_HOLD_ONE.search(name)]


Started = dict[str, tuple["subprocess.Popen[bytes]", Path]]


def started(names: Iterable[str], variables: dict[str, str], folder: Path) -> Started:
    """Each station as a process of its own, every other one with its log as JSON."""
    running: Started = {}
    for number, name in enumerate(names):
        home = folder / str(number)
        home.mkdir()
        marked = dict.fromkeys(secret_variables(), MARK) | variables
        form = {"LOG_FORMAT": ("console", "json")[number % 2], "LINE_HOME": str(home), "PYTHONUNBUFFERED": "1"}
        words = [word.replace("PORT", str(free_port())) for word in STATIONS_RUN[name]]
        with (home / "log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words], cwd=ROOT, env=os.environ | marked | form, stdout=log, stderr=log
            )
        running[name] = (process, home / "log")
    return running


def told(running: Started) -> dict[str, str]:
    """All that they say until they end, or within some seconds."""
    deadline = time.monotonic() + ENOUGH_S
    for process, _ in running.values():
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, deadline - time.monotonic()))
        process.terminate()
    for process, _ in running.values():
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
    return {name: log.read_text() for name, (_, log) in running.items()}


def test_the_settings_that_can_hold_a_secret_are_known() -> None:
    """The search for them finds what it must."""
    assert {*WHOLE, "INGEST_SIGNING_KEY"} <= set(secret_variables())


@pytest.mark.slow
def test_no_station_tells_a_secret_while_its_servers_are_away(tmp_path: Path) -> None:
    """Each says what is away, and not with which password it was asked for."""
    for name, said in told(started(STATIONS_RUN, WHOLE, tmp_path)).items():
        assert MARK not in said, name
        assert said.strip(), name


@pytest.mark.slow
@pytest.mark.parametrize("variables", [BROKEN, OTHER], ids=["broken", "other"])
def test_no_station_tells_a_part_of_a_secret_that_it_could_not_read(variables: dict[str, str], tmp_path: Path) -> None:
    """Not even the piece of a password that a parser took for a port."""
    for name, said in told(started(["migrate", "audit", "retrain", "worker", "cameras"], variables, tmp_path)).items():
        assert MARK not in said, name
        assert "DATABASE_URL" in said, name


def test_a_login_file_of_a_station_is_never_repeated(tmp_path: Path) -> None:
    """What `migrate --login` and `redis-users` read, they keep to themselves."""
    file = tmp_path / "url"
    for content in (f"postgresql://eve:{MARK}@host/line", f"redis://eve:{MARK}@host", f"{MARK}#@[{MARK}"):
        file.write_text(content)
        done = subprocess.run(
            [sys.executable, "-m", "core", "redis-users", str(file)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert MARK not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("settings", settings_classes(), ids=lambda settings: settings.__name__)
def test_settings_that_are_printed_show_no_secret(
    settings: type[BaseSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever logs a whole settings object by mistake."""
    for name in secret_variables():
        monkeypatch.setenv(name, MARK)
    assert MARK not in f"{settings()!r} {settings()}"


@pytest.mark.parametrize("settings", settings_classes(), ids=lambda settings: settings.__name__)
def test_a_refused_setting_is_named_and_not_repeated(
    settings: type[BaseSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands there by mistake may be a password."""
    prefix = str(settings.model_config.get("env_prefix", ""))
    for field, kind in settings.__annotations__.items():
        if kind in (int, float):
            name = f"{prefix}{field}".upper()
            monkeypatch.setenv(name, MARK)
            with pytest.raises(ValidationError) as refused:
                settings()
            assert MARK not in str(refused.value)
            monkeypatch.delenv(name)


def test_a_redis_url_that_is_none_is_refused_without_its_pieces() -> None:
    """The library's own words would hold a part of the password."""
    with pytest.raises(SettingRefused, match="REDIS_URL") as refused:
        RedisLiveBoard(BROKEN["REDIS_URL"])
    assert MARK not in str(refused.value)
