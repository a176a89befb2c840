"""Lines of their own for tests: skipped at home, failed in CI, where a server cannot be had."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from core.errors import LedgerUnavailable, LineError, SettingMissing
from line.drill.courses import run
from line.drill.place import DrillLine, drill_line
from line.drill.report import Report, header, row
from line.drill.scenario import Scenario
from line.services.daemon import ServerMissing
from tests.servers import Missing


@contextmanager
def line_on(bus: str, settings: Mapping[str, str] | None = None) -> Iterator[DrillLine]:
    """A running line on this bus."""
    with _servers_or_skip(bus, LedgerUnavailable), drill_line(bus, settings=settings) as line:
        yield line


def drill_or_skip(scenario: Scenario) -> Report:
    """A drill on servers of its own. A Postgres that goes away in the middle is the drill's business, not a reason."""
    with _servers_or_skip(scenario.bus):
        return run(scenario)


def hold_to_its_promise(scenario: Scenario) -> None:
    """Run the drill; say what was found, and fail where that is not what was promised."""
    report = drill_or_skip(scenario)
    print(f"{header()}\n{row(report)}")
    assert report.problems() == ()


@contextmanager
def _servers_or_skip(bus: str, *more: type[LineError]) -> Iterator[None]:
    try:
        yield
    except (ServerMissing, SettingMissing, *more) as error:
        Missing("Kafka" if bus == "kafka" else "Postgres", error.detail).give_up()
