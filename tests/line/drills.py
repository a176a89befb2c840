"""Lines of their own for tests: skipped at home, failed in CI, where a server cannot be had."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import LedgerUnavailable, SettingMissing
from core.settings import LineSettings
from line.crash_drill import Report, Scenario, drill
from line.drill_line import DrillLine, drill_line
from line.services.daemon import ServerMissing
from tests.servers import Missing


@contextmanager
def line_on(bus: str) -> Iterator[DrillLine]:
    """A running line on this bus."""
    with _servers_or_skip(bus), drill_line(bus) as line:
        yield line


def drill_or_skip(scenario: Scenario) -> Report:
    """A drill on servers of its own."""
    with _servers_or_skip(scenario.bus):
        return drill(scenario)


def settings_of(line: DrillLine) -> LineSettings:
    """What the line's processes see in their environment."""
    return LineSettings(
        database_url=line.environment["DATABASE_URL"],
        kafka_bootstrap_servers=line.environment["KAFKA_BOOTSTRAP_SERVERS"],
        redis_url="",
        artifact_url=line.environment["ARTIFACT_URL"],
        line_home=line.home,
    )


def peak_memory_mb(process_id: int) -> float:
    """The most memory a living process has had, in MB; NaN where the kernel does not say."""
    status = Path(f"/proc/{process_id}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), float("nan"))


@contextmanager
def _servers_or_skip(bus: str) -> Iterator[None]:
    try:
        yield
    except (ServerMissing, SettingMissing, LedgerUnavailable) as error:
        Missing("Kafka" if bus == "kafka" else "Postgres", error.detail).give_up()
