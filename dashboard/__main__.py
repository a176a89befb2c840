"""`python -m dashboard`: starts Streamlit, bound to this machine and with everything careful switched on."""

import argparse
import ipaddress
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from core.adapters import wiring
from core.adapters.ledger import PostgresLedger
from core.adapters.log_lines import write_log_lines
from core.errors import BusUnavailable, LedgerUnavailable, LineError, SettingRefused
from core.health import Recent, StationHealth
from core.ports import Backlog
from core.settings import LineSettings
from dashboard import read_models
from dashboard.login import RoleRules, host_of_login
from dashboard.settings import DashboardSettings
from dashboard.theme import theme_options
from dashboard.vitals import LineState, line_metrics, reasons_to_wait
from dashboard.who import read_setting_file

SAFE_OPTIONS: dict[str, Any] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "logger.enableRich": False,
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.enableStaticServing": False,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxUploadSize": 20,
    "server.runOnSave": False,
}


LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def main(arguments: list[str] | None = None) -> int:
    """Start, and stay until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m dashboard", description=__doc__)
    parser.add_argument("--port", type=int, default=8501, help="default 8501")
    parser.add_argument("--address", default="127.0.0.1", help="default 127.0.0.1: this machine only")
    asked = parser.parse_args(arguments)
    line, settings = LineSettings(), DashboardSettings()
    write_log_lines(line.log_format, "dashboard")
    if not is_loopback(asked.address) and not settings.login_file and not settings.reached_through_loopback:
        print(
            f"Refused to listen on {asked.address}: no login is configured, so that whoever reaches it could do all."
            " Set DASHBOARD_LOGIN_FILE (see `make settings`), or leave out --address and reach it from elsewhere"
            f" through ssh -L {asked.port}:127.0.0.1:{asked.port}. In a container whose port is published on 127.0.0.1"
            " alone, set DASHBOARD_REACHED_THROUGH_LOOPBACK=true.",
            file=sys.stderr,
        )
        return 2
    try:
        options = access_options(settings)
        with wiring.serve_health(line, settings.metrics_port, _health(LineReader(line, settings))):
            _run_pages(asked.port, asked.address, options)
    except LineError as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return 1
    return 0


def access_options(settings: DashboardSettings) -> dict[str, Any]:
    """Streamlit's options for who may reach the pages: under which names, and with which login.

    Only known names are answered, or a stranger's page could reach this one under a name of its own that leads here.

    Raises:
        SettingRefused: A login is configured that could not work, or with which nobody could have a role.
    """
    if not settings.login_file:
        return {"server.allowedHosts": [*LOCAL_NAMES], "secrets.files": []}
    host = host_of_login(read_setting_file("DASHBOARD_LOGIN_FILE", settings.login_file))
    if not settings.roles_claim and not settings.roles_file:
        raise SettingRefused("with a login, DASHBOARD_ROLES_CLAIM or DASHBOARD_ROLES_FILE says who has which role")
    table = read_setting_file("DASHBOARD_ROLES_FILE", settings.roles_file)
    RoleRules.of(settings.roles_claim, settings.name_claim, table)
    return {"server.allowedHosts": [host, *LOCAL_NAMES], "secrets.files": [settings.login_file]}


@dataclass
class LineReader:
    """Reads the line for whoever asks at the metrics port; opens what it needs when it is first asked."""

    line: LineSettings
    settings: DashboardSettings

    @cached_property
    def ledger(self) -> PostgresLedger:
        """Opened once."""
        return wiring.open_ledger(self.line, "dashboard metrics")

    @cached_property
    def backlog(self) -> Backlog:
        """Opened once."""
        return wiring.open_backlog(self.line, self.ledger)

    def state(self) -> LineState:
        """As it stands; what does not answer is left out."""
        now = datetime.now(UTC)
        try:
            since = now - timedelta(hours=self.settings.camera_forgotten_after_h)
            rows = read_models.camera_rows(self.ledger.engine, since)
            gaps = self.ledger.gaps(datetime.min.replace(tzinfo=UTC))
        except LedgerUnavailable:
            return LineState(None, None, now)
        try:
            return LineState(rows, self.backlog.waiting(), now, gaps)
        except BusUnavailable:
            return LineState(rows, None, now, gaps)


def _health(reader: LineReader) -> StationHealth:
    """Told from rows, at most every two seconds; Streamlit itself answers at /_stcore/health of the page's port."""
    state = Recent(reader.state, time.monotonic)
    return StationHealth(lambda: line_metrics(state()), list, lambda: reasons_to_wait(state()))


def _run_pages(port: int, address: str, access: dict[str, Any]) -> None:
    from streamlit.web import bootstrap

    from dashboard.warm import warm

    options = SAFE_OPTIONS | theme_options() | access | {"server.port": port, "server.address": address}
    bootstrap.load_config_options(options)
    warm()
    bootstrap.run(str(Path(__file__).with_name("app.py")), False, [], options)


if __name__ == "__main__":
    sys.exit(main())
