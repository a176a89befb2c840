"""`python -m worker`: judges frames until it is stopped. SIGTERM ends it after the batch in hand."""

import argparse
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from secrets import token_hex

import structlog

from core.adapters import wiring
from core.adapters.ledger import PostgresLedger
from core.adapters.log_lines import write_log_lines
from core.errors import BusUnavailable, LineError, SettingRefused
from core.health import Pulse, Recent, StationHealth
from core.inspection import OpenDays
from core.ports import Clock, Detector, FrameConsumer
from core.settings import LineSettings
from core.signature import Doubts, believe, doubts_of, read_keyring
from model.images import decode
from model.strict.bundle import check_bundle, check_letter
from worker.batching import BatchLimits
from worker.brightness.detector import BrightnessDetector, is_brightness
from worker.bundle_loader import BundleLoader
from worker.cache_care import CacheCare
from worker.compiling import GRAPHS, Compilation, Compilations
from worker.counts import Counts
from worker.days import Days
from worker.diary import open_diary
from worker.forward_clock import ForwardClock
from worker.loop import Bench, run
from worker.model_slot import ModelSlot, in_background
from worker.optics.book import OpticsBook
from worker.patience import Patience
from worker.portions import Hands
from worker.reporting import EVERY_S, reporting, to_report
from worker.settings import WorkerSettings
from worker.shadowing import Shadowing
from worker.telling import Herald, NoHerald
from worker.views.book import ViewBook
from worker.views.sweep import Sweep
from worker.vitals import WorkerState, reasons_to_restart, reasons_to_wait, worker_metrics

log = structlog.get_logger("worker")


def main() -> int:
    """Judge until told to stop; 1 where something did not answer until the deadline."""
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.WARNING)
    line = LineSettings()
    write_log_lines(line.log_format, "worker")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    counts = Counts()
    try:
        _judge(WorkerSettings(), line, counts, stop, arguments.stop_when_idle)
    except LineError as error:
        log.error("worker_gave_up", error=str(error), kind=type(error).__name__)
        return 1
    finally:
        log.info("worker_ended", counts=counts.to_json())
        if arguments.summary:
            arguments.summary.write_text(counts.to_json())
    return 0


def _judge(
    settings: WorkerSettings, line: LineSettings, counts: Counts, stop: threading.Event, idle_limit_s: float | None
) -> None:
    owner = _owner()
    ledger = wiring.open_ledger(line, "worker")
    consumer = wiring.open_consumer(line, ledger, owner)
    compilations = Compilations()
    clock = _clock()
    bench = _bench(owner, settings, line, ledger, consumer, stop, compilations, clock)
    log.info("worker_started", owner=owner, bus="kafka" if line.kafka_bootstrap_servers else "postgres")
    pulse = Pulse(time.monotonic)
    state = partial(_state, bench, clock, counts, pulse)
    health = _health(settings, state, _waiting(line, ledger))
    report = partial(to_report, owner, datetime.now(UTC))

    def is_over(idle_s: float) -> bool:
        pulse.beat()
        return stop.is_set() or (idle_limit_s is not None and idle_s >= idle_limit_s)

    try:
        with (
            wiring.serve_health(line, settings.metrics_port, health),
            reporting(ledger, lambda ended: report(state(), ended), EVERY_S),
        ):
            run(bench, counts, is_over)
    finally:
        compilations.close()
        consumer.close()
        ledger.close()


def _bench(
    owner: str,
    settings: WorkerSettings,
    line: LineSettings,
    ledger: PostgresLedger,
    consumer: FrameConsumer,
    stop: threading.Event,
    compilations: Compilations | None = None,
    clock: Clock | None = None,
) -> Bench:
    beside = compilations or Compilations()
    artifacts = wiring.open_artifacts(line)
    verdicts = wiring.open_verdicts(line)
    clock = clock or _clock()
    loader = BundleLoader(artifacts, settings.cache, _opener(settings, beside))
    slot = ModelSlot(ledger, loader, time.monotonic, in_background, beside.is_better_ready)
    shadow = Shadowing(ledger, loader, time.monotonic, in_background, artifacts.put, beside.is_better_ready)
    return Bench(
        consumer=consumer,
        ledger=ledger,
        board=wiring.open_board(line),
        artifacts=artifacts,
        hands=Hands(ledger, owner),
        slot=slot,
        days=Days(lambda: _prepared(ledger), time.monotonic),
        decode=decode,
        patience=Patience(time.monotonic, stop.wait, settings.retry_deadline_s, meanwhile=consumer.hold),
        clock=clock,
        limits=BatchLimits(settings.batch_frames, settings.batch_wait_ms / 1000, settings.poll_wait_ms / 1000),
        optics=OpticsBook(ledger.optics, time.monotonic),
        views=ViewBook(ledger.products, time.monotonic),
        sweep=Sweep(ledger, clock, time.monotonic),
        herald=Herald(ledger, verdicts, time.monotonic) if verdicts else NoHerald(),
        shadow=shadow,
        cache=CacheCare(settings.cache, lambda: slot.bundles() | shadow.bundles(), time.monotonic, time.time),
        diary=open_diary(settings.judged_log, settings.freeze_at, lambda: os.kill(os.getpid(), signal.SIGSTOP)),
        doubts=_doubts(settings),
        wait_for_model_s=settings.model_wait_s,
    )


def _doubts(settings: WorkerSettings) -> Doubts:
    if not settings.camera_keys:
        return believe
    try:
        lines = Path(settings.camera_keys).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingRefused(f"WORKER_CAMERA_KEYS: {settings.camera_keys} cannot be read") from error
    keyring = read_keyring(lines, "WORKER_CAMERA_KEYS")
    log.info("signatures_wanted", cameras=len(keyring))
    return partial(doubts_of, keyring=keyring)


def _clock() -> ForwardClock:
    return ForwardClock(lambda: datetime.now(UTC), time.monotonic)


def _state(bench: Bench, clock: ForwardClock, counts: Counts, pulse: Pulse, waiting: int | None = None) -> WorkerState:
    slot = bench.slot
    meters, now = bench.meters, clock()
    return WorkerState(counts, meters, slot.serving(), slot.missing(), waiting, pulse, now, clock.behind_s)


def _health(
    settings: WorkerSettings, state: Callable[..., WorkerState], waiting: Callable[[], int | None]
) -> StationHealth:
    return StationHealth(
        lambda: worker_metrics(state(waiting())),
        lambda: reasons_to_restart(state().pulse, settings.stuck_after_s),
        lambda: reasons_to_wait(state()),
    )


def _waiting(line: LineSettings, ledger: PostgresLedger) -> Callable[[], int | None]:
    """How much of the bus nobody has judged; asked only where somebody scrapes it."""
    recent = Recent(wiring.open_backlog(line, ledger).waiting, time.monotonic)

    def waiting() -> int | None:
        try:
            return recent()
        except BusUnavailable:
            return None

    return waiting


def _owner() -> str:
    """Names this process to the bus and in Postgres. No other start has this name, also in a container."""
    return f"{socket.gethostname()}-{os.getpid()}-{token_hex(3)}"


def _prepared(ledger: PostgresLedger) -> OpenDays:
    opened = ledger.prepare_days(datetime.now(UTC).date())
    if opened:
        log.info("days_opened", count=len(opened))
    return ledger.open_days()


def _opener(settings: WorkerSettings, compilations: Compilations) -> Callable[[Path, str], Detector]:
    graphs = settings.cache / GRAPHS

    def open_bundle(folder: Path, sha256: str) -> Detector:
        check_bundle(folder, sha256)
        if is_brightness(folder):
            return BrightnessDetector()
        check_letter(folder)
        # Only here, in the loading thread: a worker whose products need no network never waits for torch.
        from model.ignoring.rescoring import IgnoringDetector
        from model.serving import opened, serve
        from model.strict.tensors import check_tensors

        check_tensors(folder)
        served = serve(opened(folder, settings.device, sha256), settings.engine, graphs)
        log.info("engine_chosen", engine=served.detector.engine, awaits=served.awaits, reasons=list(served.reasons))
        if served.awaits:
            compilations.begin(Compilation(folder, sha256, served.awaits, settings.device, graphs))
        return IgnoringDetector(served.detector)

    return open_bundle


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    parser.add_argument("--stop-when-idle", type=float, metavar="SECONDS", help="end when nothing came for so long")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="write what was done as JSON at the end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
