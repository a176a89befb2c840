"""How soon pages are there with millions of inspections behind them.

`python -m tests.benchmarks.dashboard --rows 10000000` fills a database of its own (some ten minutes and 9 GB), looks at
the plan of every statement that the pages send, and times the pages in a browser. The folder is kept for the next look;
results of the same code and rows are not measured again.
"""

import argparse
import hashlib
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dashboard.read_models import PartKey
from dashboard.story.read_models import DefectFilter, newest_parts
from model.result_lines import Result, ResultLines
from tests.benchmarks.dashboard_line import CAMERAS
from tests.benchmarks.dashboard_place import OtherFolder, filled_line
from tests.benchmarks.dashboard_plans import asked_by, looks
from tests.benchmarks.dashboard_times import IN_SESSION, measured, scenarios
from tests.dashboard.places import Place

ROOT = Path(__file__).parents[2]
BOUND_S = 1.0
PAGE_SIZE = 48
PLANS = "plans"
PROMISED = ("Live", "Trends over 90 days", "Defects of a lot from a score on")
"""Under a second in a running session, at the median, and no table read from end to end. The others are told beside."""


def main() -> int:
    """Fill, explain, time, and print the tables; 1 where a promise is not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.dashboard", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5, help="of each page and way; 0 for the plans alone")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / ".line" / "bench-dashboard", help="kept; remove it by hand"
    )
    parser.add_argument("--out", type=Path, default=ROOT / ".line" / "bench", help="results lie here")
    asked = parser.parse_args()
    results, code = ResultLines(asked.out / "dashboard.jsonl"), code_of()
    wanted = {"rows": asked.rows, "code": code}
    try:
        measure_missing(results, wanted, asked.folder.resolve(), asked.rounds)
    except OtherFolder as error:
        print(error, file=sys.stderr)
        return 1
    mine = [result for result in results.read() if wanted.items() <= result.items()]
    print(plan_table(mine), times_table(mine), sep="\n\n")
    if found := misses(mine):
        print(f"\nnot as promised: {', '.join(found)}")
    return int(bool(found))


def code_of(sources: Path = ROOT) -> str:
    """A hash over what a page is made of, and this benchmark: any change makes every result another."""
    digest = hashlib.sha256()
    for folder in ("core", "dashboard", "tests/benchmarks"):
        for path in sorted((sources / folder).rglob("*.*")):
            if path.suffix in (".py", ".js", ".css", ".html"):
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def measure_missing(results: ResultLines, wanted: Result, folder: Path, rounds: int) -> None:
    """What has no line yet; a line is written as soon as its round is over."""
    done = [result for result in results.read() if wanted.items() <= result.items()]
    missing = rounds - min((len(each) for each in by_page(done).values()), default=0)
    if missing <= 0 and any(result["kind"] == PLANS for result in done):
        return
    with filled_line(folder, wanted["rows"]) as place:
        lot, parts = a_lot(place)
        explain(place, results, wanted, lot, parts[0])
        for time in measured(place, folder, scenarios(len(CAMERAS), lot, parts), max(0, missing)):
            told = {"kind": "time", "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", **asdict(time)}
            print(f"{time.scenario}, {time.way}: {time.seconds:.2f} s", file=sys.stderr, flush=True)
            results.append(wanted | told)


def a_lot(place: Place) -> tuple[str, list[str]]:
    """An older one, and the parts of it that the gallery shows from a score on."""
    before = place.line.now - timedelta(days=40)
    (any_part,) = newest_parts(place.engine, DefectFilter(share_from=0.9), PartKey(before, "", "", 0), 1)
    lot = any_part.lot
    found = newest_parts(place.engine, DefectFilter(lot=lot, share_from=0.9), None, PAGE_SIZE)
    return lot, [str(part.key) for part in found]


def explain(place: Place, results: ResultLines, wanted: Result, lot: str, part: str) -> None:
    """Each page's statements: how many, how long, and what they read from end to end."""
    pages = []
    for name, look in looks(lot, "P-4711", part).items():
        asked = asked_by(place, look)
        slowest = max(asked, key=lambda each: each.took_ms)
        pages.append({
            "page": name, "statements": len(asked), "took_ms": sum(each.took_ms for each in asked),
            "slowest_ms": slowest.took_ms, "slowest": slowest.statement,
            "scanned": sorted({table for each in asked for table in each.scanned}),
        })  # fmt: skip
    results.append(wanted | {"kind": PLANS, "pages": pages})


def plan_table(results: Sequence[Result]) -> str:
    """The newest look at the plans."""
    lines = ["| page | statements | all, ms | slowest, ms | tables read from end to end |", "|---|---:|---:|---:|---|"]
    newest = [result["pages"] for result in results if result["kind"] == PLANS][-1:]
    lines += [
        f"| {page['page']} | {page['statements']} | {page['took_ms']:.0f} | {page['slowest_ms']:.0f}"
        f" | {', '.join(page['scanned']) or 'none'} |"
        for pages in newest
        for page in pages
    ]
    return "\n".join(lines)


def by_page(results: Sequence[Result]) -> Mapping[tuple[str, str], list[Result]]:
    """The rounds of each page and way."""
    found: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        if result["kind"] == "time":
            found.setdefault((result["scenario"], result["way"]), []).append(result)
    return found


def times_table(results: Sequence[Result]) -> str:
    """Medians; processor seconds beside them, for a busy machine makes a page wait and does not make it dearer."""
    lines = [
        "| page | way | median, s | all | server, processor s | browser, processor s | load |",
        "|---|---|---:|---|---:|---:|---:|",
    ]
    for (page, way), rounds in sorted(by_page(results).items()):
        every = " ".join(f"{seconds:.2f}" for seconds in sorted(each["seconds"] for each in rounds))
        cells = (median(rounds, name) for name in ("server_cpu_s", "browser_cpu_s", "load"))
        middle = " | ".join(f"{cell:.2f}" for cell in cells)
        lines.append(f"| {page} | {way} | {median(rounds, 'seconds'):.2f} | {every} | {middle} |")
    return "\n".join(lines)


def misses(results: Sequence[Result]) -> list[str]:
    """The promised pages that read a table from end to end, or that take longer than a second in a running session."""
    newest = [result["pages"] for result in results if result["kind"] == PLANS][-1:]
    scanned = [page["page"] for pages in newest for page in pages if page["page"] in PROMISED and page["scanned"]]
    slow = [
        page
        for (page, way), rounds in by_page(results).items()
        if page in PROMISED and way == IN_SESSION and median(rounds, "seconds") > BOUND_S
    ]
    return [*scanned, *slow]


def median(rounds: Sequence[Result], name: str) -> float:
    """Of one figure."""
    return statistics.median(each[name] for each in rounds)


if __name__ == "__main__":
    sys.exit(main())
