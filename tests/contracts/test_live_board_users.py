"""Redis with a user for each station, and over TLS: what each may do, and what is refused."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from core.adapters.live_board_redis import RedisLiveBoard
from core.adapters.live_board_users import RULES, user_lines
from core.errors import BoardUnavailable, SettingRefused
from line.services.daemon import Daemon, free_port
from tests import servers
from tests.certificates import Authority, authority
from tests.contracts.test_live_board import TILE

START_S = 30.0


@dataclass(frozen=True)
class GuardedRedis:
    """A Redis that knows the stations only, and speaks TLS only."""

    port: int
    passwords: dict[str, str]
    trusted: Authority

    def url(self, user: str, host: str = "localhost", trusted: Path | None = None) -> str:
        ca = trusted or self.trusted.path
        return f"rediss://{user}:{self.passwords[user]}@{host}:{self.port}/0?ssl_ca_certs={ca}"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedRedis]:
    if not shutil.which("redis-server"):
        servers.Missing("Redis", "apt-get install redis-server").give_up()
    folder, port = tmp_path_factory.mktemp("redis"), free_port()
    trusted = authority(folder)
    certificate, key = trusted.sign(folder, "localhost")
    passwords = {user: token_urlsafe(24) for user in RULES}
    users = folder / "users.acl"
    users.write_text("\n".join(user_lines(f"redis://{user}:{word}@host" for user, word in passwords.items())) + "\n")
    command = (
        *("redis-server", "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
        *("--save", "", "--aclfile", str(users), "--set-proc-title", "no", "--tls-auth-clients", "no"),
        *("--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-ca-cert-file", str(trusted.path)),
    )
    daemon = Daemon("redis", command, folder, port, str(folder))
    daemon.start(START_S)
    yield GuardedRedis(port, passwords, trusted)
    daemon.stop()


@pytest.mark.server
def test_the_worker_writes_tiles_and_the_dashboard_reads_them(redis: GuardedRedis) -> None:
    """Each over TLS, with its own password."""
    RedisLiveBoard(redis.url("line_worker")).show([TILE])
    assert RedisLiveBoard(redis.url("line_dashboard")).tiles() == [TILE]


@pytest.mark.server
def test_neither_can_do_the_others_work(redis: GuardedRedis) -> None:
    """What it shows is the worker's word alone."""
    with pytest.raises(BoardUnavailable, match="permissions"):
        RedisLiveBoard(redis.url("line_dashboard")).show([TILE])
    with pytest.raises(BoardUnavailable, match="permissions"):
        RedisLiveBoard(redis.url("line_worker")).tiles()


@pytest.mark.server
@pytest.mark.parametrize("user", RULES)
@pytest.mark.parametrize(
    "command",
    ["GET other", "SET other 1", "MGET other", "DEL line:tile:a", "FLUSHALL", "CONFIG GET *", "ACL LIST", "KEYS *",
     "EVAL return(1) 0", "SUBSCRIBE x", "SHUTDOWN", "MODULE LIST", "REPLICAOF NO ONE"],
)  # fmt: skip
def test_nothing_else_is_allowed(redis: GuardedRedis, user: str, command: str) -> None:
    """No other key, no other command."""
    with Redis.from_url(redis.url(user)) as client, pytest.raises(NoPermissionError):
        client.execute_command(*command.split())


@pytest.mark.server
def test_nobody_gets_in_without_a_stations_password(redis: GuardedRedis) -> None:
    """Neither without a name, nor with another's word; the words do not repeat what was tried."""
    without = redis.url("line_worker").replace(f"line_worker:{redis.passwords['line_worker']}@", "")
    with Redis.from_url(without) as client, pytest.raises(AuthenticationError):
        client.ping()
    wrong = redis.url("line_worker").replace(redis.passwords["line_worker"], "a-wrong-password")
    with pytest.raises(BoardUnavailable, match="invalid username-password") as refused:
        RedisLiveBoard(wrong).show([TILE])
    assert "a-wrong-password" not in str(refused.value)


@pytest.mark.server
def test_a_server_that_is_not_the_named_one_is_not_trusted(redis: GuardedRedis, tmp_path: Path) -> None:
    """By another authority, under another name, or without TLS: nothing is sent to it."""
    other = authority(tmp_path, "other authority")
    for url in (
        redis.url("line_worker", trusted=other.path),
        redis.url("line_worker", host="127.0.0.1"),
        redis.url("line_worker").replace("rediss://", "redis://").split("?")[0],
    ):
        with pytest.raises(BoardUnavailable):
            RedisLiveBoard(url).show([TILE])


def test_only_the_stations_become_users_and_their_passwords_are_hashed() -> None:
    """The default user of Redis, who may do all without a password, is switched off."""
    first, line = user_lines(["redis://line_worker:a%20long%20password@host"])
    assert first == "user default off"
    assert line.startswith("user line_worker on #")
    assert "password" not in line
    for url in ("redis://:a-long-password@host", "redis://default:a-long-password@host", "redis://line_worker:x@host"):
        with pytest.raises(SettingRefused, match="REDIS_URL") as refused:
            user_lines([url])
        assert "a-long-password" not in str(refused.value)
