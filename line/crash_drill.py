"""`python -m line.crash_drill --bus kafka --frames 2000 --kills 10 --seed 1`: kill -9 of the worker while frames pass.

The cameras' journals, files outside Postgres, are what the rows are held against. Frames judged again are counted
from the worker's judged log: what a killed worker was about to record stands there, and so does the next try.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog
from sqlalchemy import extract, select

from core.adapters.ledger import PostgresLedger
from core.adapters.schema import inspection
from core.errors import LineError
from ingest.journal import read_journal
from line.account import Key
from line.drill_line import DrillLine, drill_line
from line.drill_report import Findings, StoredRow, findings, read_attempts

LOOK_AGAIN_S = 0.02
LOOK_CLOSELY_S = 0.001
LONGEST_JITTER_S = 0.03
WORKER = "worker"


class DrillLate(LineError):
    """The drill did not come this far in time; the stations' last words stand above."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One drill. The same seed kills after the same numbers of frames; what happens then is up to the machine."""

    bus: str = "postgres"
    frames: int = 200
    kills: int = 3
    seed: int = 1
    cameras: int = 2
    rate: float = 60.0
    deadline_s: float = 240.0

    def __post_init__(self) -> None:
        if self.frames < self.cameras or self.kills < 0 or self.cameras < 1 or self.rate <= 0:
            raise ValueError(f"a drill needs cameras, a frame for each and a rate, got {self}")

    def kill_after(self) -> list[int]:
        """After how many judged frames each kill comes, drawn from the seed, in order."""
        drawn = random.Random(self.seed)  # noqa: S311  a drill, not a secret
        return sorted(drawn.randrange(1, max(2, int(self.frames * 0.9))) for _ in range(self.kills))


@dataclass(frozen=True, slots=True)
class Report:
    """A drill and what it found."""

    scenario: Scenario
    kills: int
    findings: Findings
    seconds: float
    stopped_within_s: float

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))


def drill(scenario: Scenario) -> Report:
    """Run it on servers of its own.

    Raises:
        ServerMissing: Kafka cannot be had on this machine.
        DrillLate: The line did not drain before the deadline.
    """
    with drill_line(scenario.bus) as line:
        return _run(scenario, line)


def _run(scenario: Scenario, line: DrillLine) -> Report:
    begun = time.monotonic()
    clock = _Deadline(begun + scenario.deadline_s, line)
    cameras = [f"camera-{number}" for number in range(1, scenario.cameras + 1)]
    line.stations.start(WORKER, "worker")
    for number, name in enumerate(cameras):
        share = scenario.frames // len(cameras) + (number < scenario.frames % len(cameras))
        line.start_camera(name, share, scenario.rate, scenario.seed + number)
    for killed, after in enumerate(scenario.kill_after()):
        _kill_worker(scenario, line, after, killed, clock)
    journals = [line.journal(name) for name in cameras]
    clock.wait_until(lambda: _captured(journals) >= scenario.frames, "cameras still capture")
    clock.wait_until(lambda: _keys(journals) <= {row.key for row in _rows(line, journals)}, "frames have no row")
    stopped_within_s = _stop_worker(line)
    attempts = read_attempts(_lines(line.judged_log))
    found = findings(_keys(journals), _rows(line, journals), attempts)
    return Report(scenario, scenario.kills, found, time.monotonic() - begun, stopped_within_s)


def _kill_worker(scenario: Scenario, line: DrillLine, after: int, killed: int, clock: "_Deadline") -> None:
    """Kill it once so many frames were judged and this very process has judged some, then start the next."""
    process = line.stations.running[WORKER]
    before = len(_lines(line.judged_log))
    clock.wait_until(
        lambda: (
            len(_lines(line.judged_log)) > before
            and read_attempts(_lines(line.judged_log)).distinct >= min(after, scenario.frames)
        ),
        f"the worker did not judge {after} frames before kill {killed + 1}",
    )
    _aim(line.judged_log, random.Random(f"{scenario.seed}/{killed}"))  # noqa: S311
    process.kill()
    process.wait()
    line.stations.running.pop(WORKER)
    line.stations.start(WORKER, "worker")


def _aim(judged_log: Path, drawn: random.Random) -> None:
    """Wait until the worker is about to record a batch, and then a moment that the seed chooses.

    So the kill falls before the commit, into it, between it and the bus, or into the next batch; and not, as a
    kill at any time would mostly do, into a pause between two batches.
    """
    size, until = judged_log.stat().st_size, time.monotonic() + 1.0
    while judged_log.stat().st_size == size and time.monotonic() < until:
        time.sleep(LOOK_CLOSELY_S)
    time.sleep(drawn.random() ** 3 * LONGEST_JITTER_S)  # a commit takes milliseconds: most kills fall close to it


def _stop_worker(line: DrillLine) -> float:
    """SIGTERM, and how long it took; infinite where it did not end by itself, or not with 0."""
    process = line.stations.running[WORKER]
    begun = time.monotonic()
    line.stations.stop(WORKER)
    return time.monotonic() - begun if process.returncode == 0 else float("inf")


class _Deadline:
    """One time limit for the whole drill."""

    def __init__(self, until: float, line: DrillLine) -> None:
        self._until = until
        self._line = line

    def wait_until(self, is_so: Callable[[], bool], otherwise: str) -> None:
        while not is_so():
            if time.monotonic() > self._until:
                for name in self._line.stations.running:
                    print(f"--- {name}\n{self._line.stations.last_words(name)}", file=sys.stderr)
                raise DrillLate(otherwise)
            time.sleep(LOOK_AGAIN_S)


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []


def _captured(journals: Iterable[Path]) -> int:
    return len(_keys(journals))


def _keys(journals: Iterable[Path]) -> set[Key]:
    return {(frame.camera, frame.start_id, frame.sequence) for frame in read_journal(*journals).captured}


def _rows(line: DrillLine, journals: Iterable[Path]) -> list[StoredRow]:
    return stored_rows(line.ledger, {key[1] for key in _keys(journals)})


def stored_rows(ledger: PostgresLedger, start_ids: Collection[str]) -> list[StoredRow]:
    """Every row of these camera starts."""
    columns = inspection.c
    query = select(
        columns.camera, columns.start_id, columns.sequence, columns.offset, extract("epoch", columns.judged_at)
    ).where(columns.start_id.in_(start_ids))
    with ledger.engine.connect() as connection:
        found = connection.execute(query).all()
    return [StoredRow((row[0], row[1], row[2]), row[3], float(row[4])) for row in found]


def main() -> int:
    """Run one drill; 0 only if nothing was lost, doubled or out of order."""
    parser = argparse.ArgumentParser(prog="python -m line.crash_drill", description=__doc__)
    parser.add_argument("--bus", default="postgres", choices=("postgres", "kafka"))
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    try:
        report = drill(Scenario(chosen.bus, chosen.frames, chosen.kills, chosen.seed))
    except LineError as error:
        print(f"crash drill: {error}", file=sys.stderr)
        return 1
    print_report(report)
    return 1 if report.findings.problems() else 0


def print_report(report: Report) -> None:
    """The table, and one line of JSON last."""
    scenario = report.scenario
    print(f"kill -9 x {report.kills} on {scenario.bus}, seed {scenario.seed}, {report.seconds:.0f} s")
    print(report.findings.table())
    print(report.to_json())


if __name__ == "__main__":
    sys.exit(main())
