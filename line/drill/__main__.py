"""`python -m line.drill --size small --only A1 --bus kafka`: the acceptance scenarios, one after another.

The cameras' journals, files outside Postgres, are what the rows are held against. Frames judged again are counted
from the workers' judged logs: what a killed worker was about to record stands there, and so does the next try.
"""

import argparse
import json
import platform
import signal
import sys
from dataclasses import replace
from pathlib import Path

import structlog

from core.errors import LineError
from line.drill.acceptance import SIZES
from line.drill.courses import run
from line.drill.report import Report, header, row
from line.drill.scenario import Scenario
from line.services.kafka_jars import KAFKA_VERSION


def main() -> int:
    """Run what was asked for; 0 only if every promise was kept."""
    chosen = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))  # so that no server is left behind
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    scenarios = [one for one in SIZES[chosen.size] if _is_wanted(one, chosen)]
    print(header(), flush=True)
    reports: list[Report] = []
    failed: list[str] = []
    for scenario in scenarios:
        try:
            reports.append(run(replace(scenario, seed=chosen.seed)))
            print(row(reports[-1]), flush=True)
        except LineError as error:
            failed.append(f"{scenario.title}: {error}")
            print(f"{scenario.title}\n    NOT KEPT: {error}", flush=True)
        write(chosen.out or Path(f".line/drill/{chosen.size}.json"), chosen.size, reports, failed)
    kept = reports and not failed and not any(report.problems() for report in reports)
    return 0 if kept else 1


def _is_wanted(scenario: Scenario, chosen: argparse.Namespace) -> bool:
    return chosen.only in (None, scenario.name) and chosen.bus in (None, scenario.bus)


def write(path: Path, size: str, reports: list[Report], failed: list[str]) -> None:
    """After every scenario, so that a run that is stopped leaves what it has found."""
    path.parent.mkdir(parents=True, exist_ok=True)
    versions = {"python": platform.python_version(), "kafka": KAFKA_VERSION, "machine": platform.machine()}
    told = {"size": size, "versions": versions, "failed": failed, "scenarios": [one.to_json() for one in reports]}
    path.write_text(json.dumps(told, indent=1) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m line.drill", description=__doc__)
    parser.add_argument("--size", default="full", choices=sorted(SIZES))
    parser.add_argument("--only", choices=sorted({one.name for one in SIZES["full"]}), help="one scenario")
    parser.add_argument("--bus", choices=("postgres", "kafka"), help="only on this bus")
    parser.add_argument("--seed", type=int, default=1, help="draws the moments close to a commit")
    parser.add_argument("--out", type=Path, help="where the findings go as JSON; default .line/drill/SIZE.json")
    return parser


if __name__ == "__main__":
    sys.exit(main())
