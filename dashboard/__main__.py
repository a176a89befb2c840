"""`python -m dashboard`: starts Streamlit, bound to this machine and with everything careful switched on."""

import argparse
import ipaddress
import sys
from pathlib import Path
from typing import Any

from dashboard import pictures, read_models  # now, so that the first viewer does not wait for cv2 and SQLAlchemy
from dashboard.settings import DashboardSettings
from dashboard.theme import theme_options

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


PRELOADED = (pictures, read_models)


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
    if not is_loopback(asked.address) and not DashboardSettings().reached_through_loopback:
        print(
            f"Refused to listen on {asked.address}: the dashboard has no login yet (it comes with OIDC), so that"
            " whoever reaches it sees all. Leave out --address, and reach it from elsewhere through ssh -L"
            f" {asked.port}:127.0.0.1:{asked.port}. In a container whose port is published on 127.0.0.1 alone, set"
            " DASHBOARD_REACHED_THROUGH_LOOPBACK=true.",
            file=sys.stderr,
        )
        return 2
    from streamlit.web import bootstrap

    options = SAFE_OPTIONS | theme_options() | {"server.port": asked.port, "server.address": asked.address}
    bootstrap.load_config_options(options)
    bootstrap.run(str(Path(__file__).with_name("app.py")), False, [], options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
