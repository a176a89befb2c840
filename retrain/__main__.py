"""`python -m retrain [promote | recipe | status]`; without a verb: the timetable, until it is stopped."""

import argparse
import getpass
import os
import signal
import socket
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog

from core.access import Person
from core.adapters import wiring
from core.adapters.log_lines import write_log_lines
from core.changes import save_product
from core.errors import LineError, SettingRefused
from core.health import Pulse, StationHealth
from core.product import Product
from core.retention import Expired
from core.settings import LineSettings, RetentionSettings
from model.strict.bundle import check_letter, checked_sha256
from retrain.following import Follower
from retrain.night import outlook
from retrain.promotion import Change, promote_bundle, read_with
from retrain.recipes import with_changes
from retrain.settings import RetrainSettings
from retrain.tidying import Tidying
from retrain.timetable import Timetable
from retrain.vitals import reasons_to_restart, reasons_to_wait, timetable_metrics

log = structlog.get_logger("retrain")


def main() -> int:
    """Run one verb."""
    arguments = _parser().parse_args()
    write_log_lines(LineSettings().log_format, "retrain")
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
    recipe = verbs.add_parser("recipe", help="show a product's recipe, or change it: deadline_s=0.8 keep_ok_share=0.1")
    recipe.add_argument("--product", required=True)
    recipe.add_argument("changes", nargs="*", metavar="name=value")
    recipe.add_argument("--why", default="changed by hand")
    recipe.add_argument("--who", default=getpass.getuser())
    recipe.set_defaults(run=_recipe)
    status = verbs.add_parser("status", help="products and what judges them")
    status.set_defaults(run=_status)
    return parser


def _promote(arguments: argparse.Namespace) -> None:
    settings = LineSettings()
    ledger = wiring.open_ledger(settings)
    reader = read_with(lambda folder: check_letter(folder).threshold, checked_sha256)
    change = Change(datetime.now(UTC), arguments.who, arguments.why)
    bundle = reader(arguments.bundle)
    version = promote_bundle(arguments.product, bundle, ledger, wiring.open_artifacts(settings), change)
    print(f"{version.product}: model {version.id} is active (sha256 {version.bundle.sha256[:12]})")


def _recipe(arguments: argparse.Namespace) -> None:
    ledger = wiring.open_ledger(LineSettings())
    known = {product.name: product.recipe for product in ledger.products()}
    if arguments.product not in known:
        raise SettingRefused(f"--product {arguments.product}; known are {', '.join(known) or 'none yet'}")
    changed = with_changes(known[arguments.product], arguments.changes)
    if changed != known[arguments.product]:
        person, product = Person.at_this_machine(arguments.who), Product(arguments.product, changed)
        save_product(ledger, person, product, datetime.now(UTC), arguments.why)
    for name, value in changed.to_json().items():
        print(f"{name} = {value}")


def _status(_: argparse.Namespace) -> None:
    ledger = wiring.open_ledger(LineSettings())
    active = ledger.active()
    for product in ledger.products():
        found = active.get(product.name)
        judged_by = f"model {found.model.id}, {found.threshold}" if found else "no active model: every frame is ERROR"
        print(f"{product.name}: {judged_by}")


def _timetable(_: argparse.Namespace) -> None:
    line, settings = LineSettings(), RetrainSettings()
    ledger = wiring.open_ledger(line)
    begun: Counter[str] = Counter()

    def night(product: str) -> None:
        begun[product] += 1
        found = ledger.active().get(product)
        said = outlook(found, ledger).sentence() if found else f"{product}: no model yet, nothing to start from"
        log.info("night_began", product=product, outlook=said)

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    who = f"{socket.gethostname()}-{os.getpid()}"
    timetable = Timetable(night, ledger, lambda: datetime.now(UTC), who)
    follower = Follower(timetable, ledger, begun, Pulse(time.monotonic))
    health = StationHealth(
        lambda: timetable_metrics(follower.state()),
        lambda: reasons_to_restart(follower.state(), settings.products_interval_s),
        lambda: reasons_to_wait(follower.state()),
    )
    tidying = Tidying(partial(_tidy, line, stop), lambda: datetime.now(UTC), settings.tidy_from_hour)
    with wiring.serve_health(line, settings.metrics_port, health), tidying.beside(stop):
        follower.run(stop, settings.products_interval_s)


def _tidy(line: LineSettings, stop: threading.Event) -> list[Expired]:
    retention = wiring.open_retention(line, RetentionSettings(), datetime.now(UTC), stop.wait)
    try:
        return retention.run()
    finally:
        retention.engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
