"""What is said of a drill: one row of a table for eyes, one object of JSON for programs."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from line.drill.findings import Findings
from line.drill.scenario import Scenario

COLUMNS = (
    ("scenario", 18),
    ("faults", 6),
    ("frames", 7),
    ("acknowledged", 12),
    ("rows", 7),
    ("lost", 5),
    ("duplicates", 10),
    ("judged again", 12),
    ("fenced", 6),
    ("longest stall", 13),
    ("peak memory", 11),
    ("took", 6),
)


@dataclass(frozen=True, slots=True)
class Observed:
    """What the run itself showed: `workers` were started in all.

    `rates` are verdicts per second with everything there and with one thing away, where that was compared.
    `miscounted` are sentences: why the cameras' counters cannot be true. `postgres` is the server's own version.
    """

    seconds: float
    workers: int
    stopped_within_s: float
    peak_memory_mb: float
    postgres: str
    rates: tuple[float, float] = (1.0, 1.0)
    miscounted: tuple[str, ...] = ()

    @property
    def throughput_drop(self) -> float:
        """As a share of the rate with everything there; negative where the line was faster without."""
        return 1 - self.rates[1] / self.rates[0]


@dataclass(frozen=True, slots=True)
class Report:
    """A scenario, what was found, and what was observed on the way."""

    scenario: Scenario
    findings: Findings
    observed: Observed

    def problems(self) -> tuple[str, ...]:
        """Why the line did not keep its promise; empty where it did."""
        unmet = _unmet(self.scenario, self.findings, self.observed)
        return (*self.findings.problems(), *self.observed.miscounted, *unmet)

    def to_json(self) -> dict[str, Any]:
        """Everything."""
        return {
            "scenario": self.scenario.title,
            "kept": not self.problems(),
            "problems": list(self.problems()),
            **asdict(self.findings),
            **asdict(self.observed),
            "planned": asdict(self.scenario),
        }


def _unmet(scenario: Scenario, found: Findings, seen: Observed) -> Iterable[str]:
    expect = scenario.expect
    said = [
        (found.fenced < expect.fenced_at_least, f"fenced: {found.fenced}, expected {expect.fenced_at_least}"),
        (found.judged_again > expect.judged_again_at_most, f"judged again: {found.judged_again}"),
        (found.versions < expect.versions_at_least, f"model versions: {found.versions}"),
        (expect.same_workers and seen.workers > scenario.workers, f"workers restarted: {seen.workers}"),
        (seen.stopped_within_s >= expect.stopped_within_s, f"SIGTERM took {seen.stopped_within_s:.1f} s"),
        (seen.throughput_drop >= expect.throughput_drop_below, f"throughput dropped by {seen.throughput_drop:.1%}"),
        (seen.peak_memory_mb >= expect.memory_below_mb, f"memory: {seen.peak_memory_mb:.0f} MB"),
    ]
    return [sentence for wrong, sentence in said if wrong]


def header() -> str:
    """The table's first line."""
    return "  ".join(name.rjust(width) if number else name.ljust(width) for number, (name, width) in enumerate(COLUMNS))


def row(report: Report) -> str:
    """The table's line of one scenario, and below it what is wrong."""
    found, seen = report.findings, report.observed
    cells: Sequence[object] = (
        report.scenario.title,
        len(report.scenario.faults),
        found.frames,
        found.acknowledged,
        found.rows,
        found.lost,
        found.duplicates,
        found.judged_again,
        found.fenced,
        f"{found.longest_stall_s:.1f} s",
        f"{seen.peak_memory_mb:.0f} MB",
        f"{seen.seconds:.0f} s",
    )
    pairs = list(zip(cells, COLUMNS, strict=True))
    told = "  ".join(
        str(cell).rjust(width) if number else str(cell).ljust(width) for number, (cell, (_, width)) in enumerate(pairs)
    )
    return "\n".join([told, *(f"    NOT KEPT: {problem}" for problem in report.problems())])
