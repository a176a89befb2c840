"""Whether inspection keeps its speed beside training: `python -m tests.benchmarks.beside_training`.

Pairs of runs with and without the station's training process, in alternating order, on a line of its own: how many
frames a second one worker judges at saturation, and how long a frame takes from shutter to verdict at half of that.
Training is as a night runs it: one thread, the idle policy, held while more frames wait than RETRAIN_YIELD_ABOVE;
`--never-held` measures the idle policy alone. It needs a machine that does nothing else, with two cores.
"""

import argparse
import json
import logging
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import structlog
from sqlalchemy import func, select

from core.adapters import wiring
from core.adapters.schema import inspection
from line.account import Row
from line.drill import models
from line.drill.crew import Crew
from line.drill.judged_logs import JudgedLogs
from line.drill.place import DrillLine, drill_line
from line.drill.scenario import Judge
from line.drill.watch import Watch, dismiss_all
from line.rows import rows_of
from model.again.lessons import Lesson
from retrain.settings import RetrainSettings
from retrain.workshop.jobs import Bounds, TrainJob
from retrain.workshop_door import Watch as WorkshopWatch
from retrain.workshop_door import WorkshopStopped, worked

MOST_LOST = 0.10
"""Share of the throughput that training may cost."""
MOST_LATER = 2.0
"""How many times its value alone the 99th percentile may be beside training."""
WARM_UP = 0.2
"""Share of the first rows that do not count: a worker that has just begun."""
DEADLINE_S = 900.0


@dataclass(frozen=True, slots=True)
class Found:
    """One run."""

    beside_training: bool
    frames_per_s: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Medians over the pairs. `lost` is a share of the throughput, `later` how many times the p99 alone."""

    pairs: int
    lost: float
    later: float

    def problems(self) -> tuple[str, ...]:
        """What is not as promised, in sentences; none where it is."""
        said = []
        if self.lost >= MOST_LOST:
            said.append(f"training costs {self.lost:.1%} of the throughput, less than {MOST_LOST:.0%} are promised")
        if self.later >= MOST_LATER:
            said.append(f"p99 beside training is {self.later:.2f} times its value alone, {MOST_LATER:g} are promised")
        return tuple(said)


def summary(runs: Sequence[Found]) -> Summary:
    """Of runs that alternate: each two that follow each other are a pair."""
    pairs = [sorted(pair, key=lambda run: run.beside_training) for pair in zip(runs[::2], runs[1::2], strict=True)]
    lost = statistics.median(1 - beside.frames_per_s / alone.frames_per_s for alone, beside in pairs)
    later = statistics.median(beside.p99_ms / alone.p99_ms for alone, beside in pairs)
    return Summary(len(pairs), round(lost, 4), round(later, 3))


def rate_of(rows: Sequence[Row]) -> float:
    """Frames a second, without the first ones."""
    moments = sorted(row.judged_at_s for row in rows)
    counted = moments[int(WARM_UP * len(moments)) :]
    return (len(counted) - 1) / max(1e-9, counted[-1] - counted[0])


def percentile_ms(rows: Sequence[Row], share: float) -> float:
    """Of the time from shutter to verdict, without the first frames."""
    ordered = sorted(rows, key=lambda row: row.key)
    latencies = sorted(row.latency_s for row in ordered[int(WARM_UP * len(ordered)) :])
    return 1000 * latencies[min(int(share * len(latencies)), len(latencies) - 1)]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long the runs are."""

    pairs: int
    burst: int
    seconds: float
    yield_above: int


@dataclass
class Bench:
    """The line, and who works there."""

    line: DrillLine
    crew: Crew
    watch: Watch
    plan: Plan
    cameras: int = 0

    def run(self, beside: bool, half_load: float) -> Found:
        """Both figures, alone or beside training."""
        with self._training() if beside else _nothing():
            rate = rate_of(self._saturated())
            rows = self._at(half_load or rate / 2)
        return Found(beside, round(rate, 2), round(percentile_ms(rows, 0.5), 1), round(percentile_ms(rows, 0.99), 1))

    def _saturated(self) -> list[Row]:
        """A worker begins where a burst waits already."""
        rows = self._camera(self.plan.burst, rate=5000.0)
        self.crew.start()
        return self._judged(rows, self.plan.burst)

    def _at(self, rate: float) -> list[Row]:
        frames = int(rate * self.plan.seconds)
        found = self._judged(self._camera(frames, rate), frames)
        dismiss_all(self.crew, self.watch)
        return found

    def _camera(self, frames: int, rate: float) -> Callable[[], list[Row]]:
        """Shows so many frames; its rows so far."""
        self.cameras += 1
        name = f"camera-{self.cameras}"
        self.line.start_camera(name, frames, rate, seed=self.cameras)
        if rate > 1000:
            stations = self.line.stations
            self.watch.wait_until(lambda: stations.running[name].poll() is not None, "the burst is not on the bus")
        return lambda: rows_of(self.line.ledger.engine, self._starts(name))

    def _starts(self, camera: str) -> list[str]:
        query = select(inspection.c.start_id).where(inspection.c.camera == camera).distinct()
        with self.line.ledger.engine.connect() as connection:
            return list(connection.scalars(query))

    def _judged(self, rows: Callable[[], list[Row]], frames: int) -> list[Row]:
        camera, pause = f"camera-{self.cameras}", Event()
        count = select(func.count()).select_from(inspection).where(inspection.c.camera == camera)

        def is_done() -> bool:
            pause.wait(0.5)  # what looks takes time from what is looked at
            with self.line.ledger.engine.connect() as connection:
                return connection.scalar(count) == frames

        self.watch.wait_until(is_done, f"{frames} frames were not judged in time")
        return rows()

    @contextmanager
    def _training(self) -> Iterator[None]:
        """The station's own way to run a job that would take hours, ended at the end of the block."""
        over, begun = Event(), Event()
        good = sorted(map(str, (self.line.home / "good").iterdir()))
        out = self.line.home / f"trained-{time.monotonic_ns()}"
        lesson = Lesson(
            str(models.bundle(self.line, 0)), str(out), good[:-4], good[-4:], 1e6, 1.0, 1 / 20, 1 / 20, seed=1
        )
        backlog = wiring.open_backlog(self.line.settings, self.line.ledger)
        above = self.plan.yield_above
        looks = WorkshopWatch(
            lambda *_: begun.set(),
            lambda: "the run is over" if over.is_set() else "",
            lambda: above > 0 and backlog.waiting() > above,
            over.wait,
        )
        thread = Thread(
            target=_until_stopped, args=(TrainJob(Bounds(threads=1), lesson), out.with_suffix(".job"), looks)
        )
        thread.start()
        try:
            self.watch.wait_until(begun.is_set, "training did not begin")
            yield
        finally:
            over.set()
            thread.join()


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _until_stopped(job: TrainJob, folder: Path, watch: WorkshopWatch) -> None:
    try:
        worked(job, folder, watch)
    except WorkshopStopped:
        return


def measured(plan: Plan) -> list[Found]:
    """The pairs: alone first, then training first, and so on. Half load is half of what the first run could do."""
    runs: list[Found] = []
    with drill_line("postgres") as line:
        models.prepare(line, Judge.BUNDLE)
        crew = Crew(line, JudgedLogs(line.home / "judged"))
        bench = Bench(line, crew, Watch(time.monotonic() + DEADLINE_S * plan.pairs, crew), plan)
        half_load = bench.run(beside=False, half_load=0.0).frames_per_s / 2  # it warms the machine, and does not count
        for number in range(plan.pairs):
            for beside in (False, True) if number % 2 == 0 else (True, False):
                runs.append(bench.run(beside, half_load))
                print(json.dumps(asdict(runs[-1])), flush=True)
    return runs


def main() -> int:
    """Measure, print a line per run and one of JSON last; 1 where a promise does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.beside_training", description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--burst", type=int, default=1500, help="frames that wait when a worker begins")
    parser.add_argument("--seconds", type=float, default=60.0, help="at half load")
    parser.add_argument("--never-held", action="store_true", help="training goes on however many frames wait")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    above = 0 if asked.never_held else RetrainSettings().yield_above
    found = summary(measured(Plan(asked.pairs, asked.burst, asked.seconds, above)))
    print(json.dumps({"date": f"{datetime.now(UTC):%Y-%m-%d}", **asdict(found)}))
    for problem in found.problems():
        print(problem, file=sys.stderr)
    return 1 if found.problems() else 0


if __name__ == "__main__":
    sys.exit(main())
