"""`python -m line.services up|down|status`: the line's servers on this machine, for `make services`."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from core.adapters import embedded
from core.errors import LineError
from line.services.kafka_broker import JARS, kafka_broker, start_kafka
from line.services.kafka_secured import start_secured_kafka, write_login
from line.services.redis_cache import redis_cache, start_redis

Start = Callable[[], str]
SECURED = "kafka-secured"


def starts(home: Path, kafka_port: int, redis_port: int, secured: bool = False) -> Mapping[str, Start]:
    """Per setting of the line, what starts its server and yields the value."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": lambda: (_secured if secured else _plain)(home, kafka_port),
        "REDIS_URL": lambda: start_redis(home / "redis", redis_port).url,
        "DATABASE_URL": lambda: embedded.embedded_url(home),
    }


def _plain(home: Path, port: int) -> str:
    return start_kafka(home / "kafka", port).bootstrap


def _secured(home: Path, port: int) -> str:
    kafka = start_secured_kafka(home / SECURED, port)
    print(f"the administrator's login: {write_login(kafka)}; `python -m core.kafka_user` makes others", flush=True)
    return kafka.broker.bootstrap


def up(home: Path, servers: Mapping[str, Start]) -> int:
    """Start all that can be had, write HOME/env, and say what is missing; 0 only if nothing is."""
    found: dict[str, str] = {}
    for setting, start in servers.items():
        try:
            found[setting] = start()
            print(f"{setting}={found[setting]}", flush=True)
        except LineError as error:
            print(f"{setting}: {error}", flush=True)
    home.mkdir(exist_ok=True)
    (home / "env").write_text("".join(f"{setting}={value}\n" for setting, value in found.items()))
    print(f"settings of what runs: {home / 'env'}")
    return 0 if len(found) == len(servers) else 1


def down(home: Path, kafka_port: int, redis_port: int) -> int:
    """Stop whatever runs; their data stays, except Redis', which is never kept."""
    for folder in ("kafka", SECURED):
        kafka_broker(home.absolute() / folder, kafka_port, JARS).stop()
    redis_cache(home.absolute() / "redis", redis_port).stop()
    embedded.stop(home)
    (home / "env").unlink(missing_ok=True)
    return 0


def status(home: Path, kafka_port: int, redis_port: int) -> int:
    """Say what runs; 0 only if all does."""
    running = {
        "kafka": any(
            kafka_broker(home.absolute() / folder, kafka_port, JARS).daemon.pid() is not None
            for folder in ("kafka", SECURED)
        ),
        "redis": redis_cache(home.absolute() / "redis", redis_port).daemon.pid() is not None,
        "postgres": (home / "postgres" / "postmaster.pid").exists(),
    }
    for name, runs in running.items():
        print(f"{name}: {'runs' if runs else 'does not run'}")
    return 0 if all(running.values()) else 1


def main() -> int:
    """Read the command line and act."""
    parser = argparse.ArgumentParser(prog="python -m line.services", description=__doc__)
    parser.add_argument("action", choices=("up", "down", "status"))
    parser.add_argument("--home", type=Path, default=Path(".services"), help="where they keep their files")
    parser.add_argument("--kafka-port", type=int, default=19092, help="the broker's; its controller takes the next")
    parser.add_argument("--redis-port", type=int, default=16379)
    parser.add_argument("--secured", action="store_true", help="up: Kafka with TLS, logins and grants")
    chosen = parser.parse_args()
    ports = (chosen.kafka_port, chosen.redis_port)
    if chosen.action == "up":
        return up(chosen.home, starts(chosen.home, *ports, chosen.secured))
    return (down if chosen.action == "down" else status)(chosen.home, *ports)


if __name__ == "__main__":
    sys.exit(main())
