"""`python -m retrain [VERB]`, see --help; without a verb: the timetable, until it is stopped."""

import argparse
import os
import signal
import socket
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime

from core.access import Person
from core.adapters import wiring
from core.adapters.ledger import PostgresLedger
from core.adapters.log_lines import write_log_lines
from core.changes import save_product
from core.errors import ArtifactMissing, BundleRefused, LineError, NightInterrupted, SettingRefused
from core.health import Pulse, Recent, StationHealth
from core.product import ActiveModel, Product
from core.retraining import TrainingRun
from core.settings import LineSettings
from model.again.lessons import Beginning
from model.images import decode
from model.letter import Letter
from model.strict.bundle import check_letter, checked_sha256
from retrain.drifting import DriftWatch, watching
from retrain.first_model import run_order
from retrain.following import Follower
from retrain.history import history
from retrain.learned import keep_learned
from retrain.preview import Previewing
from retrain.promotion import Change, fetched_bundle, promote_bundle, read_with
from retrain.recipes import with_changes
from retrain.settings import RetrainSettings
from retrain.shop import Order, Shop
from retrain.station import NOW, Station, beside, serving
from retrain.station_verbs import cancel, golden_lines, promote_version, retire, roll_back
from retrain.tidying import tidy
from retrain.timetable import Timetable, night_of, nightly_jobs
from retrain.verbs import engineer, parser
from retrain.vitals import reasons_to_restart, reasons_to_wait, timetable_metrics
from retrain.workshop.jobs import Bounds

READER = read_with(lambda folder: check_letter(folder).threshold, checked_sha256)


def main() -> int:
    """Run one verb."""
    arguments = _parser().parse_args()
    write_log_lines(LineSettings().log_format, "retrain")
    try:
        (arguments.chosen[arguments.verb] if arguments.verb else arguments.run)(arguments)
    except LineError as error:
        print(f"retrain: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    main = parser(__doc__ or "")
    chosen = {"promote": _promote, "recipe": _recipe, "status": _status, "run": _run, "rollback": _rollback}
    chosen |= {"history": _history, "cancel": _cancel, "golden": _golden}
    main.set_defaults(run=_timetable, chosen=chosen)
    return main


def _promote(arguments: argparse.Namespace) -> None:
    settings = LineSettings()
    now, who = datetime.now(UTC), engineer(arguments).name
    ledger = wiring.open_ledger(settings)
    if arguments.model is not None:
        print(promote_version(ledger, arguments.product, arguments.model, now, who, arguments.why))
        return
    artifacts, change = wiring.open_artifacts(settings), Change(now, who, arguments.why)
    version = promote_bundle(arguments.product, READER(arguments.bundle), ledger, artifacts, change)
    if arguments.images is not None:
        kept = keep_learned(arguments.images, arguments.bundle, version, ledger, artifacts, change)
        print(f"{len(kept.parts)} pictures are kept for later trainings to go back to")
    print(f"{version.product}: model {version.id} is active (sha256 {version.bundle.sha256[:12]})")


def _rollback(arguments: argparse.Namespace) -> None:
    who, ledger = engineer(arguments).name, wiring.open_ledger(LineSettings())
    print(roll_back(ledger, arguments.product, datetime.now(UTC), who, arguments.why))


def _cancel(arguments: argparse.Namespace) -> None:
    who, ledger = engineer(arguments).name, wiring.open_ledger(LineSettings())
    print(cancel(ledger, arguments.product, datetime.now(UTC), who, arguments.why))


def _history(arguments: argparse.Namespace) -> None:
    for line in history(wiring.open_ledger(LineSettings()), arguments.product, arguments.limit):
        print(line)


def _golden(arguments: argparse.Namespace) -> None:
    ledger, product = wiring.open_ledger(LineSettings()), arguments.product
    if arguments.retire is not None:
        person, now = Person.at_this_machine(arguments.who), datetime.now(UTC)
        print(retire(ledger, person, product, arguments.retire, now, arguments.why))
        return
    for line in golden_lines(ledger, product):
        print(line)


def _run(arguments: argparse.Namespace) -> None:
    """Here and now, under the same lock as the timetable's nights."""
    who, line, stop = engineer(arguments).name, LineSettings(), _stop()
    ledger = wiring.open_ledger(line)
    station = _station(line, RetrainSettings(), ledger, stop)
    now = datetime.now(UTC)
    job = next(iter(nightly_jobs(one for one in ledger.products() if one.name == arguments.product)), None)
    if job is None:
        raise SettingRefused(f"--product {arguments.product}: no such product")
    slot = f"{NOW}{now:%Y-%m-%dT%H:%M:%S}" if arguments.now else str(night_of(job, now))
    ran = station.run_slot(Order(arguments.product, slot, who, arguments.why, is_asked=arguments.now))
    if not ran:
        print(f"{slot} was not run to its end here: it is another's, done already, or failed")
    for text in history(ledger, arguments.product, 1):
        print(text)


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
    line, settings, stop = LineSettings(), RetrainSettings(), _stop()
    ledger = wiring.open_ledger(line)
    station = _station(line, settings, ledger, stop)
    begun: Counter[str] = Counter()

    def night(product: str, slot: str) -> None:
        begun[product] += 1
        station.run(Order(product, slot, station.who, "nightly"))

    timetable = Timetable(night, ledger, station.clock, station.who)
    follower = Follower(timetable, ledger, begun, Pulse(time.monotonic), station.catch_up)
    health = StationHealth(
        lambda: timetable_metrics(follower.state()),
        lambda: reasons_to_restart(follower.state(), settings.products_interval_s),
        lambda: reasons_to_wait(follower.state()),
    )
    beside(lambda: serving(station, stop, settings.requests_interval_s))
    beside(lambda: watching(_drift(line, settings, ledger), ledger.products, stop.wait))
    with wiring.serve_health(line, settings.metrics_port, health), wiring.open_tidying(line, stop.wait).beside(stop):
        follower.run(stop, settings.products_interval_s)


def _stop() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _drift(line: LineSettings, settings: RetrainSettings, ledger: PostgresLedger) -> DriftWatch:
    artifacts, folder = wiring.open_artifacts(line), settings.folder.absolute() / "bundles"

    def letter_of(active: ActiveModel) -> Letter | None:
        try:
            return check_letter(fetched_bundle(active.model, artifacts, folder, READER))
        except (BundleRefused, ArtifactMissing):
            return None  # what does not load has no calibration parts to have drifted from; training it says why

    return DriftWatch(ledger, artifacts, letter_of, lambda: datetime.now(UTC))


def _station(line: LineSettings, settings: RetrainSettings, ledger: PostgresLedger, stop: threading.Event) -> Station:
    backlog = Recent(wiring.open_backlog(line, ledger).waiting, time.monotonic)

    def check_stop() -> None:
        if stop.is_set():
            raise NightInterrupted

    artifacts, folder = wiring.open_artifacts(line), settings.folder.absolute()
    drift = _drift(line, settings, ledger)
    shop = Shop(
        ledger=ledger,
        artifacts=artifacts,
        decode=decode,
        read_bundle=READER,
        clock=lambda: datetime.now(UTC),
        folder=folder,
        bounds=Bounds(settings.threads, settings.memory_gib, settings.device),
        check_stop=check_stop,
        rest=stop.wait,
        waiting=backlog,
        yield_above=settings.yield_above,
        drift=lambda product: [found.sentence for found in drift.found(product)],
        beginning=Beginning(settings.encoder, settings.weights, settings.first_minutes),
    )
    who = f"{socket.gethostname()}-{os.getpid()}"
    preview = Previewing(ledger, artifacts, decode, shop.clock).answer

    def night(order: Order) -> TrainingRun:
        tidy(folder, time.time())
        return run_order(order, shop)

    return Station(ledger, night, beside, shop.clock, who, preview=preview)


if __name__ == "__main__":
    sys.exit(main())
