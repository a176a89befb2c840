"""A6: one frame in a hundred is poison; good ones are all judged, poison is all ERROR with its reason and kept."""

import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future

from sqlalchemy import select

from core.adapters import wiring
from core.adapters.schema import inspection, quarantine
from core.errors import LineError
from core.inspection import Position
from core.verdict import ErrorReason
from line.account import Key
from line.drill.findings import OF_NO_CAMERA, findings
from line.drill.place import DrillLine, drill_line
from line.drill.poison import Poison, acceptance_set, giant_png
from line.drill.report import Report
from line.drill.scenario import Scenario
from line.drill.stored_rows import count_rows, stored_rows
from line.drill.under_fire import drained, keys_of, new_crew, observed, start_line
from line.drill.watch import Watch, dismiss_all

SHARE = 0.01
ANSWER_S = 60.0


class WrongReasons(LineError):
    """Poison was filed under other reasons than it should be, or was not kept for somebody to look at."""


def poisoned(scenario: Scenario) -> Report:
    """Run it.

    Raises:
        WrongReasons: A poison's row says something else than what was wrong with it.
        LineError: A server cannot be had, or the line did not come to its end.
    """
    begun = time.monotonic()
    with drill_line(scenario.bus) as line:
        crew = new_crew(line)
        watch = Watch(time.monotonic() + scenario.deadline_s, crew)
        start_line(scenario, crew, watch)
        expected = publish(line, a_share_of(scenario, line))
        journals = drained(scenario, watch)
        captured = keys_of(journals.captured) | set(expected)
        watch.wait_until(lambda: count_rows(line.ledger) >= len(captured), "poison has no row")
        dismiss_all(crew, watch)
        check_reasons(line, expected)
        acknowledged = keys_of(journals.acknowledged) | set(expected)
        found = findings(captured, acknowledged, stored_rows(line.ledger), crew.logs.attempts(), set(expected))
        return Report(scenario, found, observed(crew, begun))


def a_share_of(scenario: Scenario, line: DrillLine) -> list[Poison]:
    """At least one of each kind, and at least so many that they are the share of all frames."""
    giant, claim = giant_png(), wiring.open_artifacts(line.settings).put
    sets: list[Poison] = []
    while len(sets) < max(1, int(scenario.frames * SHARE / (1 - SHARE))):
        sets += acceptance_set(sum(one.trusted for one in sets), giant, claim)
    return sets


def publish(line: DrillLine, poison: Iterable[Poison]) -> dict[Key, ErrorReason]:
    """Send all, wait until the bus holds them, and say which row must say what: the poisoner's own journal."""
    publisher = wiring.open_publisher(line.settings)
    try:
        sent: list[tuple[Poison, Future[Position]]] = [(one, publisher.publish(one.record)) for one in poison]
        return {key_of(one, told.result(ANSWER_S)): one.reason for one, told in sent}
    finally:
        publisher.close(1)


def key_of(poison: Poison, position: Position) -> Key:
    """The name its row must have: what it claims, or its place on the bus where nothing it says is believed."""
    if not poison.trusted:
        return (f"{OF_NO_CAMERA}{position.topic}", str(position.partition), position.offset)
    headers = dict(poison.record.headers)
    return (headers["camera"].decode(), headers["start"].decode(), int(headers["sequence"]))


def check_reasons(line: DrillLine, expected: dict[Key, ErrorReason]) -> None:
    """Row by row, and in the quarantine.

    Raises:
        WrongReasons: They are others.
    """
    columns = inspection.c
    with line.ledger.engine.connect() as connection:
        query = select(columns.camera, columns.start_id, columns.sequence, columns.reason)
        rows = connection.execute(query.where(columns.decision == "ERROR"))
        found = {(row[0], row[1], row[2]): row[3] for row in rows}
        kept = len(connection.execute(select(quarantine.c.id)).all())
    if found != expected or kept != len(expected):
        raise WrongReasons(f"expected {Counter(expected.values())}, found {Counter(found.values())}, kept {kept}")
