"""Cameras and workers run, faults strike at their shares, and in the end the journals are held against the rows."""

import time
from collections.abc import Iterable

from core.frame import FrameId
from ingest.journal import JournalSummary, read_journal
from line.account import Key
from line.camera_counters import camera_discrepancies
from line.drill import models
from line.drill.crew import Crew
from line.drill.faults import Strike, strike
from line.drill.findings import findings
from line.drill.judged_logs import JudgedLogs
from line.drill.place import DrillLine, drill_line
from line.drill.report import Observed, Report
from line.drill.scenario import Fault, Scenario
from line.drill.stored_rows import count_rows, server_version, stored_rows
from line.drill.watch import Watch, dismiss_all


def under_fire(scenario: Scenario) -> Report:
    """Run it on servers of its own.

    Raises:
        ServerMissing: A server cannot be had on this machine.
        DrillLate: The line did not drain before the deadline.
        StationEnded: A station ended by itself.
        NotClean: A worker did not end when asked.
    """
    begun = time.monotonic()
    with drill_line(scenario.bus, settings=scenario.environment) as line:
        models.prepare(line, scenario.judge)
        crew = new_crew(line)
        watch = Watch(time.monotonic() + scenario.deadline_s, crew)
        _strike_all(scenario, crew, watch)
        journals = drained(scenario, watch)
        dismiss_all(crew, watch)
        found = findings(
            keys_of(journals.captured), keys_of(journals.acknowledged), stored_rows(line.ledger), crew.logs.attempts()
        )
        return Report(scenario, found, observed(crew, begun))


def new_crew(line: DrillLine) -> Crew:
    """Nobody yet, with a folder for their diaries."""
    logs = JudgedLogs(line.home / "judged")
    logs.folder.mkdir()
    return Crew(line, logs)


def _strike_all(scenario: Scenario, crew: Crew, watch: Watch) -> None:
    """Faults at share 0 strike first of all; the others once their share of the frames has been judged."""
    begun = False
    for number, fault in enumerate(scenario.faults):
        if fault.at > 0 and not begun:
            start_line(scenario, crew, watch)
            begun = True
        _await_share(scenario, fault, crew, watch)
        strike(Strike(fault, number, scenario, crew, watch))


def start_line(scenario: Scenario, crew: Crew, watch: Watch) -> None:
    """The workers first, then, once one has its model, the cameras, unless a fault has started them."""
    crew.fill(scenario.workers)
    watch.wait_until(lambda: any(map(crew.is_ready, crew.names)), "no worker has loaded a model")
    if scenario.camera_names()[0] not in crew.line.stations.running:
        crew.line.start_cameras(scenario)


def _await_share(scenario: Scenario, fault: Fault, crew: Crew, watch: Watch) -> None:
    wanted = fault.at * scenario.frames
    watch.wait_until(lambda: crew.logs.attempts().distinct >= wanted, f"{wanted:.0f} frames were not judged")


def drained(scenario: Scenario, watch: Watch) -> JournalSummary:
    """What the cameras wrote down, once all have ended and as many rows as frames are there."""
    line, names = watch.crew.line, scenario.camera_names()
    watch.wait_until(
        lambda: all(line.stations.running[name].poll() is not None for name in names), "cameras still capture"
    )
    journals = read_journal(*map(line.journal, names))
    watch.wait_until(lambda: count_rows(line.ledger) >= len(journals.captured), "frames have no row")
    return journals


def keys_of(frames: Iterable[FrameId]) -> set[Key]:
    """The natural keys of frames."""
    return {(frame.camera, frame.start_id, frame.sequence) for frame in frames}


def observed(crew: Crew, begun: float, rates: tuple[float, float] = (1.0, 1.0)) -> Observed:
    """What the crew went through, and whether every camera's frames add up in the end."""
    seconds = time.monotonic() - begun
    miscounted = tuple(camera_discrepancies(crew.line.ledger.engine))
    seen = (seconds, crew.started, crew.stopped_within_s, crew.peak_memory_mb)
    return Observed(*seen, server_version(crew.line.ledger), rates, miscounted)
