"""`python -m retrain [promote | status]`; without a verb: the timetable, until it is stopped."""

import argparse
import getpass
import os
import signal
import socket
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import structlog

from core.adapters import wiring
from core.errors import LedgerUnavailable, LineError
from core.settings import LineSettings
from model.bundle import bundle_sha256, read_letter
from retrain.night import outlook
from retrain.promotion import Change, promote_bundle, read_with
from retrain.settings import RetrainSettings
from retrain.timetable import Timetable

log = structlog.get_logger("retrain")


def main() -> int:
    """Run one verb."""
    arguments = _parser().parse_args()
    try:
        arguments.run(arguments)
    except LineError as error:
        print(f"retrain: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m retrain", description=__doc__)
    parser.set_defaults(run=_timetable)
    verbs = parser.add_subparsers()
    promote = verbs.add_parser("promote", help="register a bundle and make it the one that judges")
    promote.add_argument("--product", required=True)
    promote.add_argument("--bundle", required=True, type=Path, help="folder with bundle.json and weights.safetensors")
    promote.add_argument("--why", default="promoted by hand")
    promote.add_argument("--who", default=getpass.getuser())
    promote.set_defaults(run=_promote)
    status = verbs.add_parser("status", help="products and what judges them")
    status.set_defaults(run=_status)
    return parser


def _promote(arguments: argparse.Namespace) -> None:
    settings = LineSettings()
    ledger = wiring.open_ledger(settings)
    reader = read_with(lambda folder: read_letter(folder).threshold, bundle_sha256)
    change = Change(datetime.now(UTC), arguments.who, arguments.why)
    bundle = reader(arguments.bundle)
    version = promote_bundle(arguments.product, bundle, ledger, wiring.open_artifacts(settings), change)
    print(f"{version.product}: model {version.id} is active (sha256 {version.bundle.sha256[:12]})")


def _status(_: argparse.Namespace) -> None:
    ledger = wiring.open_ledger(LineSettings())
    active = ledger.active()
    for product in ledger.products():
        found = active.get(product.name)
        judged_by = f"model {found.model.id}, {found.threshold}" if found else "no active model: every frame is ERROR"
        print(f"{product.name}: {judged_by}")


def _timetable(_: argparse.Namespace) -> None:
    ledger = wiring.open_ledger(LineSettings())

    def night(product: str) -> None:
        found = ledger.active().get(product)
        said = outlook(found, ledger).sentence() if found else f"{product}: no model yet, nothing to start from"
        log.info("night_began", product=product, outlook=said)

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    who = f"{socket.gethostname()}-{os.getpid()}"
    timetable = Timetable(night, ledger, lambda: datetime.now(UTC), who)
    timetable.start()
    log.info("timetable_started")
    while True:
        try:
            for reason in timetable.follow(ledger.products()):
                log.warning("night_refused", reason=reason)
        except LedgerUnavailable as error:
            log.warning("products_not_read", error=str(error))
        if stop.wait(RetrainSettings().products_interval_s):
            break
    timetable.stop()
    log.info("timetable_stopped")


if __name__ == "__main__":
    sys.exit(main())
