"""Which servers a demo uses: embedded ones, or those of `make services`; and a free port for the page."""

import socket
from collections.abc import Mapping
from pathlib import Path

from core.errors import SettingRefused
from line.stations import run_to_end

SERVICES_ENV = Path(".services/env")


def line_environment(bus: str, home: Path) -> Mapping[str, str]:
    """The settings of every station of this demo.

    Raises:
        SettingRefused: A bus that is not known, or servers that cannot be had on this machine.
    """
    if bus == "postgres":
        return {"LINE_HOME": str(home)}
    if bus != "kafka":
        raise SettingRefused(f"BUS={bus}: postgres or kafka")
    if run_to_end("line.services", ["up"], {}) != 0:
        raise SettingRefused("BUS=kafka needs Kafka and Redis: what is missing stands above")
    servers = read_environment(SERVICES_ENV)
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL"):
        if name not in servers:
            raise SettingRefused(f"BUS=kafka: `make services` could not bring {name}, see what it says above")
    return servers | {"LINE_HOME": str(home)}


def read_environment(path: Path) -> dict[str, str]:
    """KEY=VALUE lines; a file that does not exist is empty."""
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def first_free_port(start: int) -> int:
    """The first port from `start` on that nobody on this machine listens on."""
    return next(port for port in range(start, start + 100) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
