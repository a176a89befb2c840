"""`make services`: servers that outlive their starter, are found again, and are never mistaken for somebody else."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import LineError
from line.services.daemon import Daemon, ServerMissing, answers, command_line, free_port
from line.services.kafka_broker import prepare, quoted, start_kafka
from line.services.redis_cache import RedisCache, redis_cache, start_redis
from tests import servers

ROOT = Path(__file__).parents[2]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisCache]:
    servers.redis()  # skips, or fails in CI, where there is no Redis
    started = start_redis(tmp_path / "redis", free_port())
    yield started
    started.kill()


def run_services(home: Path, action: str, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "line.services", action, "--home", str(home), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.server
def test_starting_twice_finds_the_first(redis: RedisCache) -> None:
    """The same process, not a second one."""
    before = redis.daemon.pid()
    assert start_redis(redis.daemon.folder, redis.daemon.port).daemon.pid() == before


@pytest.mark.server
def test_a_killed_server_comes_back_on_its_port(redis: RedisCache) -> None:
    """Tests kill servers; the line's clients find them again."""
    redis.kill()
    assert not answers(redis.daemon.port)
    redis.restart()
    assert answers(redis.daemon.port)


@pytest.mark.server
def test_stopping_twice_is_stopping_once(redis: RedisCache) -> None:
    """And another process than the starter may do it."""
    found = redis_cache(redis.daemon.folder, redis.daemon.port)
    found.stop()
    found.stop()
    assert redis.daemon.pid() is None


def test_a_pid_that_belongs_to_another_program_is_left_alone(tmp_path: Path) -> None:
    """The machine gives pids out again: here the file names this very test."""
    daemon = Daemon("x", ("false",), tmp_path, free_port(), str(tmp_path / "no-such-word"))
    daemon.pid_file.write_text(str(os.getpid()))
    assert daemon.pid() is None
    daemon.stop()
    assert command_line(os.getpid())


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    """Another program answers there: it is not taken for ours."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServerMissing, match=str(port)):
            Daemon("x", ("false",), tmp_path, port, "x").start(1)


def test_a_server_that_ends_at_once_is_not_waited_for(tmp_path: Path) -> None:
    """Its log says why."""
    with pytest.raises(ServerMissing, match=r"x\.log"):
        Daemon("x", ("false",), tmp_path, free_port(), str(tmp_path)).start(60)


def test_what_is_missing_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine with none of the programs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for start in (start_redis, start_kafka):
        with pytest.raises(LineError, match="apt-get install"):
            start(tmp_path / "server", free_port())


@pytest.mark.server
@pytest.mark.slow
def test_all_three_come_up_and_go_down_by_command(tmp_path: Path) -> None:
    """`up` twice, `status`, `down` twice; the settings of what runs stand in a file."""
    servers.kafka(), servers.redis()
    home = Path(os.environ.get("TMPDIR", "/tmp")) / f"services-{os.getpid()}"
    ports = ("--kafka-port", str(free_port()), "--redis-port", str(free_port()))
    try:
        assert run_services(home, "up", *ports).returncode == 0
        settings = (home / "env").read_text()
        assert [line.split("=")[0] for line in settings.splitlines()] == [
            "KAFKA_BOOTSTRAP_SERVERS",
            "REDIS_URL",
            "DATABASE_URL",
        ]
        assert run_services(home, "up", *ports).returncode == 0
        assert (home / "env").read_text() == settings
        assert run_services(home, "status", *ports).returncode == 0
    finally:
        downs = [run_services(home, "down", *ports).returncode for _ in range(2)]
        subprocess.run(["rm", "-rf", str(home)], check=True)
    assert downs == [0, 0]
    assert not answers(int(ports[1]))
    assert not answers(int(ports[3]))


def test_a_password_for_the_brokers_disk_is_in_no_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor in the error, nor in a file that stays: Java reads it from one that only this user reads."""
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(
        '#!/bin/sh\necho "$@" > "$0.words"\nf="${1#@}"\nstat -c %a "$f" > "$0.mode"\ncat "$f" >&2\nexit 1\n'
    )
    java.chmod(0o700)
    monkeypatch.setenv("PATH", f"{java.parent}:{os.environ['PATH']}")
    with pytest.raises(ServerMissing) as refused:
        prepare(tmp_path / "kafka", 1, tmp_path, "", ("--add-scram", 'SCRAM-SHA-512=[name=admin,password=hunter2"]'))
    assert (java.parent / "java.words").read_text() == f"@{tmp_path / 'kafka' / 'format.args'}\n"
    assert (java.parent / "java.mode").read_text() == "600\n"
    assert "password=..." in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert not (tmp_path / "kafka" / "format.args").exists()


def test_a_word_of_an_argument_file_is_one_word() -> None:
    """Whatever stands in it."""
    assert quoted('a "b" \\c') == '"a \\"b\\" \\\\c"'
