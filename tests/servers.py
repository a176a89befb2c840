"""Real servers for tests: at most one of each per test session, started at its first use, stopped at its end.

At home a test skips where a server cannot be had, and says what would bring it; with CI=true it fails.
"""

import atexit
import os
import shutil
import tempfile
import uuid
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from core.adapters import embedded
from core.errors import LineError
from line.services.daemon import free_port
from line.services.kafka_broker import KafkaBroker, start_kafka
from line.services.redis_cache import RedisCache, start_redis


def kafka() -> str:
    """The bootstrap address of a broker; its topics are shared by all tests, so name your own."""
    return kafka_broker().bootstrap


def redis() -> str:
    """The URL of a Redis that all tests share."""
    return redis_cache().url


def postgres() -> str:
    """The SQLAlchemy URL of a fresh, empty database."""
    cluster = _postgres_cluster()
    if isinstance(cluster, Missing):
        return cluster.give_up()
    name = f"test_{uuid.uuid4().hex[:12]}"
    engine = create_engine(cluster, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return make_url(cluster).set(database=name).render_as_string(hide_password=False)


def kafka_broker() -> KafkaBroker:
    """The shared broker itself, for tests that kill it: restart it before the test ends."""
    broker = _kafka()
    return broker.give_up() if isinstance(broker, Missing) else broker


def redis_cache() -> RedisCache:
    """The shared Redis itself, for tests that stop it: restart it before the test ends."""
    cache_server = _redis()
    return cache_server.give_up() if isinstance(cache_server, Missing) else cache_server


class Missing:
    """A server that cannot be had, remembered so that it is tried only once per session."""

    def __init__(self, name: str, reason: str) -> None:
        self.message = f"no {name} here: {reason}; then try `make services`"

    def give_up(self) -> NoReturn:
        """Fail in CI, skip at home."""
        if os.environ.get("CI") == "true":
            pytest.fail(self.message, pytrace=False)
        pytest.skip(self.message)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="line-test-"))
    # Registered first, so it runs last: after every server has let go of its files.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _kafka() -> KafkaBroker | Missing:
    try:
        broker = start_kafka(_folder() / "kafka", free_port())
    except LineError as error:
        return Missing("Kafka", error.detail)
    atexit.register(broker.kill)
    return broker


@cache
def _redis() -> RedisCache | Missing:
    try:
        redis_server = start_redis(_folder() / "redis", free_port())
    except LineError as error:
        return Missing("Redis", error.detail)
    atexit.register(redis_server.kill)
    return redis_server


@cache
def _postgres_cluster() -> str | Missing:
    home = _folder()
    if os.geteuid() == 0:
        home.chmod(0o755)  # the server runs as a user of its own there
    try:
        url = embedded.embedded_url(home)
    except LineError as error:
        return Missing("Postgres", error.detail)
    atexit.register(embedded.stop, home)
    return url
