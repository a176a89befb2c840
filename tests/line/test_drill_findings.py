"""The drill's own arithmetic: a drill that cannot see a loss proves nothing."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from core.adapters.database import open_engine
from core.adapters.ledger import PostgresLedger
from line.account import Key
from line.drill.acceptance import FULL, SMALL
from line.drill.crew import Crew
from line.drill.faults import FAULTS, Strike, aim, busy_worker
from line.drill.findings import Findings, StoredRow, findings
from line.drill.judged_logs import Attempts, JudgedLogs
from line.drill.place import DrillLine
from line.drill.report import Observed, Report, header, row
from line.drill.scenario import Expectation, Fault, Kind, Point, Scenario, scattered
from line.drill.stored_rows import server_version
from line.drill.watch import Watch
from line.stations import Stations
from tests import servers

KEYS: list[Key] = [("cam", "0123456789ab", number) for number in range(4)]
SCENARIO = Scenario("A1", "postgres", 4)
OBSERVED = Observed(seconds=10, workers=1, stopped_within_s=1, peak_memory_mb=100, postgres="18.0")


def rows(*numbers: int, version: int = 1) -> list[StoredRow]:
    return [StoredRow(KEYS[number], number, float(number), version) for number in numbers]


def found(captured: list[Key], stored: list[StoredRow], attempts: Attempts | None = None) -> Findings:
    return findings(captured, KEYS, stored, attempts or Attempts())


def problems(expect: Expectation, stored: list[StoredRow] | None = None, **observed: object) -> tuple[str, ...]:
    attempts = Attempts(judged=5, distinct=4, fenced=1)
    seen = replace(OBSERVED, **observed)  # type: ignore[arg-type]
    return Report(replace(SCENARIO, expect=expect), found(KEYS, stored or rows(0, 1, 2, 3), attempts), seen).problems()


def test_a_whole_run_has_no_problems() -> None:
    assert found(KEYS, rows(0, 1, 2, 3)).problems() == ()


def test_a_lost_frame_is_a_loss_and_a_gap() -> None:
    assert found(KEYS, rows(0, 2, 3)).problems() == ("lost: 1", "gaps: 1")


def test_a_frame_lost_at_the_end_is_a_loss() -> None:
    assert found(KEYS, rows(0, 1, 2)).problems() == ("lost: 1",)


def test_a_second_row_is_a_duplicate() -> None:
    twice = [*rows(0, 1, 2, 3), StoredRow(KEYS[3], 9, 9.0)]
    assert found(KEYS, twice).duplicates == 1


def test_a_row_of_nobody_is_a_stranger() -> None:
    assert found(KEYS[:3], rows(0, 1, 2, 3)).problems() == ("strangers: 1",)


def test_frames_judged_the_other_way_round_are_out_of_order() -> None:
    swapped = [StoredRow(KEYS[0], 1, 1.0), StoredRow(KEYS[1], 0, 0.0)]
    assert found(KEYS[:2], swapped).problems() == ("out of order: 1",)


def test_a_frame_that_nobody_judged_is_an_error_unless_it_was_poison() -> None:
    stored = [*rows(0, 1, 2), *rows(3, version=0)]
    assert found(KEYS, stored).problems() == ("errors: 1",)
    assert findings(KEYS, KEYS, stored, Attempts(), {KEYS[3]}).problems() == ()


def test_poison_that_was_judged_is_missing_among_the_errors() -> None:
    assert findings(KEYS, KEYS, rows(0, 1, 2, 3), Attempts(), {KEYS[3]}).problems() == ("missing errors: 1",)


def test_a_frame_the_bus_never_acknowledged_is_said() -> None:
    assert findings(KEYS, KEYS[:3], rows(0, 1, 2, 3), Attempts()).problems() == ("never acknowledged: 1",)


def test_a_record_known_by_its_place_alone_has_no_gap_and_no_order() -> None:
    places: list[Key] = [("?frames", "3", 7), ("?frames", "3", 2)]
    stored = [StoredRow(places[0], 7, 1.0, 0), StoredRow(places[1], 2, 2.0, 0)]
    assert findings(places, places, stored, Attempts(), places).problems() == ()


def test_the_longest_stall_is_the_longest_time_without_a_verdict() -> None:
    stored = [
        StoredRow(key, number, moment) for number, (key, moment) in enumerate(zip(KEYS, (0, 1, 7, 8), strict=True))
    ]
    assert found(KEYS, stored).longest_stall_s == 6


@pytest.mark.parametrize(
    ("expect", "observed", "problem"),
    [
        (Expectation(fenced_at_least=2), {}, "fenced: 1, expected 2"),
        (Expectation(judged_again_at_most=0), {}, "judged again: 1"),
        (Expectation(versions_at_least=2), {}, "model versions: 1"),
        (Expectation(same_workers=True), {"workers": 2}, "workers restarted: 2"),
        (Expectation(), {"stopped_within_s": 10.0}, "SIGTERM took 10.0 s"),
        (Expectation(throughput_drop_below=0.05), {"rates": (100.0, 94.0)}, "throughput dropped by 6.0%"),
        (Expectation(memory_below_mb=100), {}, "memory: 100 MB"),
    ],
)
def test_what_a_scenario_expects_and_does_not_find_is_a_problem(
    expect: Expectation, observed: dict[str, object], problem: str
) -> None:
    assert problems(expect, **observed) == (problem,)


def test_a_scenario_that_expects_nothing_more_is_kept() -> None:
    assert problems(Expectation()) == ()


def test_the_table_names_what_is_wrong_below_its_line() -> None:
    report = Report(SCENARIO, found(KEYS, rows(0, 1, 2)), OBSERVED)
    line, problem = row(report).split("\n")
    assert len(line) == len(header())
    assert problem.strip() == "NOT KEPT: lost: 1"
    told = json.loads(json.dumps(report.to_json()))
    assert (told["problems"], told["postgres"]) == (["lost: 1"], "18.0")


@pytest.mark.server
def test_a_drill_says_which_postgres_held_its_rows() -> None:
    """What was kept on one version is no word about another."""
    ledger = PostgresLedger(open_engine(servers.postgres()))
    assert re.match(r"\d\d\.", server_version(ledger))
    ledger.close()


def write(folder: Path, worker: str, *entries: bytes) -> None:
    with (folder / f"{worker}.jsonl").open("ab") as file:
        file.write(b"".join(entries))


def test_what_was_judged_again_stands_in_the_logs_twice(tmp_path: Path) -> None:
    """Read as they grow; what a kill tore is left out, and counted once it is whole."""
    judged = json.dumps({"event": "judged", "keys": KEYS}).encode() + b"\n"
    logs = JudgedLogs(tmp_path)
    write(tmp_path, "worker-1", judged, judged[:30])
    assert logs.attempts() == Attempts(judged=4, distinct=4, fenced=0)
    write(tmp_path, "worker-2", b'{"event": "fenced"}\n', judged)
    assert logs.attempts() == Attempts(judged=8, distinct=4, fenced=1)
    assert logs.batches("worker-2") == [frozenset(KEYS)]
    write(tmp_path, "worker-1", judged[30:])
    assert logs.attempts().judged_again == 8


def test_where_all_is_judged_a_blow_hits_any_worker(tmp_path: Path) -> None:
    """On a slow machine new workers find nothing left: a drill that waited for them to judge would never end."""
    write(tmp_path, "worker-1", json.dumps({"event": "judged", "keys": KEYS}).encode() + b"\n")
    ledger = PostgresLedger(open_engine("postgresql://nobody@127.0.0.1:9/none"))
    line = DrillLine(tmp_path, "postgres", {}, Stations({}, tmp_path), ledger)
    crew = Crew(line, JudgedLogs(tmp_path), ["worker-2", "worker-3"])
    blow = Strike(Fault(Kind.KILL_WORKER, 0.9), 0, SCENARIO, crew, Watch(0.0, crew))
    assert busy_worker(blow) == "worker-2"
    aim(blow, "worker-2")


def test_the_same_seed_strikes_after_the_same_frames() -> None:
    assert scattered(Kind.KILL_WORKER, 5, seed=7) == scattered(Kind.KILL_WORKER, 5, seed=7)
    assert scattered(Kind.KILL_WORKER, 5, seed=7) != scattered(Kind.KILL_WORKER, 5, seed=8)


def test_every_fault_of_every_scenario_can_be_struck() -> None:
    planned = {(fault.kind, fault.point) for scenario in (*SMALL, *FULL) for fault in scenario.faults}
    assert planned == FAULTS.keys()


def test_the_full_drill_is_as_large_as_the_acceptance_list_asks() -> None:
    """A1: 100 kills over 30 000 frames on each bus; A2: six zombies; A4: a minute."""
    of = {(scenario.name, scenario.bus): scenario for scenario in FULL if scenario.judge == "brightness"}
    for bus in ("kafka", "postgres"):
        assert of["A1", bus].frames >= 30_000
        assert sum(fault.kind is Kind.KILL_WORKER for fault in of["A1", bus].faults) >= 100
        assert len(of["A2", bus].faults) >= 6
        assert of["A4", bus].faults[0].for_s >= 60
    assert {scenario.name for scenario in FULL} == {f"A{number}" for number in range(1, 10)}


def test_a_fault_outside_the_run_or_out_of_order_is_refused() -> None:
    with pytest.raises(ValueError, match="strikes at a share"):
        Fault(Kind.KILL_WORKER, 1.0)
    late, early = Fault(Kind.KILL_WORKER, 0.5), Fault(Kind.KILL_WORKER, 0.2, Point.JUDGED)
    with pytest.raises(ValueError, match="in order"):
        replace(SCENARIO, faults=(late, early))


def test_counters_that_cannot_be_true_are_a_problem() -> None:
    """Of any scenario, whatever it expects."""
    assert problems(Expectation(), miscounted=("cam/0123456789ab: 3 judged, but 4 rows",)) == (
        "cam/0123456789ab: 3 judged, but 4 rows",
    )
