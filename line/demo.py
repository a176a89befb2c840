"""`make demo`: the whole line on this machine, from rendered parts to verdicts on a page."""

import argparse
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import structlog

from core.adapters import embedded, wiring
from core.adapters.ledger import PostgresLedger
from core.errors import LineError, SettingRefused
from core.settings import LineSettings
from ingest.journal import JournalSummary, read_journal
from line import plan as planning
from line.account import Account, balance
from line.plan import DemoPlan
from line.rows import Tally, rows_of, tally
from line.servers import first_free_port, line_environment
from line.stations import Stations, run_to_end
from line.training import train

DRAIN_WITHIN_S = 60.0
READY_WITHIN_S = 90.0


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: its plan, its processes, its ledger, and the wish to stop."""

    plan: DemoPlan
    stations: Stations
    ledger: PostgresLedger
    stop: threading.Event

    @property
    def camera_names(self) -> list[str]:
        """Its cameras' names."""
        return [camera.name for camera in self.plan.cameras]


class StationEnded(LineError):
    """A station ended by itself: its last words stand above, its whole log in the folder of the demo."""


def main() -> int:
    """Run the demo; 0 only if nothing was lost and the parts were judged well."""
    arguments = _parser().parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        account = run(_plan(arguments), stop)
    except LineError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0 if account is None else report(account)


def run(plan: DemoPlan, stop: threading.Event) -> Account | None:
    """Everything, in order; None where it was stopped before the line ran."""
    os.environ.update({**line_environment(plan.bus, plan.home), **planning.station_environment(plan)})
    settings = LineSettings()
    ledger = wiring.open_ledger(settings)
    run_to_end("core", ["migrate"], {})
    try:
        with Stations({}, plan.home / "logs") as stations:
            demo = Demo(plan, stations, ledger, stop)
            _open_page(demo)
            return _inspect(demo) if _prepare_model(demo) else None
    finally:
        if not settings.database_url:
            embedded.stop(plan.home)


def report(account: Account) -> int:
    """Print the summary line last, and what is wrong with it."""
    print(account.line())
    for problem in account.problems():
        print(f"demo: {problem}", file=sys.stderr)
    return 1 if account.problems() else 0


def _open_page(demo: Demo) -> None:
    port = first_free_port(8501)
    demo.stations.start("dashboard", "dashboard", "--port", str(port))
    print(f"the dashboard: http://127.0.0.1:{port}")


def _prepare_model(demo: Demo) -> bool:
    """Train unless an earlier demo has, then promote; False where the user stopped it."""
    plan = demo.plan
    if not (plan.bundle / "bundle.json").exists() and not _train(demo):
        return False
    promoted = run_to_end("retrain", ["promote", "--product", plan.product, "--bundle", str(plan.bundle)], {})
    if promoted != 0:
        raise SettingRefused(f"the bundle in {plan.bundle} cannot be promoted; remove that folder to train again")
    return not demo.stop.is_set()


def _train(demo: Demo) -> bool:
    plan = demo.plan
    if plan.images is None:
        run_to_end("ingest.render", planning.render_arguments(plan), {})
    print(f"training on {plan.good_images}, at most three minutes; the bundle stays in {plan.bundle}")
    progress = plan.home / "training.json"
    progress.unlink(missing_ok=True)
    return train(plan.product, planning.training_arguments(plan, progress), progress, demo.ledger, demo.stop)


def _inspect(demo: Demo) -> Account:
    """Run the line for its time, let it drain, and hold the rows against the journals."""
    for camera in demo.plan.cameras:
        planning.journal_path(demo.plan, camera).unlink(missing_ok=True)
    demo.stations.start("worker", "worker")
    demo.stations.start("timetable", "retrain")
    for camera in demo.plan.cameras:
        demo.stations.start(camera.name, "ingest", *planning.camera_arguments(demo.plan, camera))
    _wait_for_first_verdict(demo)
    _watch(demo, demo.plan.for_s)
    demo.stations.stop(*demo.camera_names)
    return _drained_account(demo)


def _wait_for_first_verdict(demo: Demo) -> None:
    """The minute of a demo begins when the line runs, not while its processes start."""
    begun = time.monotonic()
    while not (demo.stop.is_set() or _account(demo).judged):
        if time.monotonic() - begun > READY_WITHIN_S:
            print(demo.stations.last_words("worker"), file=sys.stderr)
            raise StationEnded(f"no verdict after {READY_WITHIN_S:.0f} s")
        _show(demo, _start_ids(demo))
        demo.stop.wait(0.5)


def _watch(demo: Demo, for_s: float) -> None:
    """The status line, until the time is over or the user stops it."""
    until = time.monotonic() + for_s
    start_ids = _start_ids(demo)
    while time.monotonic() < until and not demo.stop.wait(min(1.0, max(0.0, until - time.monotonic()))):
        _show(demo, start_ids)


def _show(demo: Demo, start_ids: Collection[str]) -> None:
    for name, code in demo.stations.ended().items():
        print(f"\n{demo.stations.last_words(name)}", file=sys.stderr)
        raise StationEnded(f"{name}, exit code {code}, logs in {demo.stations.logs}")
    _print_status(tally(demo.ledger.engine, start_ids))


def _print_status(now: Tally) -> None:
    end = "\r" if sys.stdout.isatty() else "\n"
    print(f"{now.line():<100}", end=end, flush=True)


def _drained_account(demo: Demo) -> Account:
    """Wait until every captured frame has its row, or the deadline; then stop the worker and look once more."""
    until = time.monotonic() + DRAIN_WITHIN_S
    start_ids = _start_ids(demo)
    while _account(demo).lost and time.monotonic() < until:
        _show(demo, start_ids)
        time.sleep(0.5)
    demo.stations.stop("worker", "timetable")
    print()
    return _account(demo)


def _account(demo: Demo) -> Account:
    journal = _journal(demo)
    captured = [(frame.camera, frame.start_id, frame.sequence) for frame in journal.captured]
    defect = {
        (frame.camera, frame.start_id, frame.sequence): truth
        for frame, truth in journal.defects.items()
        if truth is not None
    }
    return balance(captured, defect, rows_of(demo.ledger.engine, {key[1] for key in captured}))


def _journal(demo: Demo) -> JournalSummary:
    return read_journal(*(planning.journal_path(demo.plan, camera) for camera in demo.plan.cameras))


def _start_ids(demo: Demo) -> set[str]:
    return {frame.start_id for frame in _journal(demo).captured}


def _plan(arguments: argparse.Namespace) -> DemoPlan:
    home, for_s = arguments.home.absolute(), arguments.for_s
    if arguments.images is None:
        return planning.rendered_plan(home, arguments.bus, for_s)
    if not arguments.images.is_dir():
        raise SettingRefused(f"IMAGES={arguments.images} is not a folder")
    return planning.folder_plan(home, arguments.bus, for_s, arguments.images.absolute(), arguments.weights)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m line.demo", description=__doc__)
    parser.add_argument("--for", dest="for_s", type=float, default=math.inf, metavar="SECONDS")
    parser.add_argument("--bus", default="postgres", help="postgres (embedded) or kafka (the servers of make services)")
    parser.add_argument("--images", type=Path, help="a folder of good images; without it parts are rendered")
    parser.add_argument("--weights", default="random", help="encoder weights (safetensors) for --images")
    parser.add_argument("--home", type=Path, default=Path(".line"), help="where everything embedded lives")
    return parser


if __name__ == "__main__":
    sys.exit(main())
