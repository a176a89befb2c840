"""A5: the same frames with Redis and without. A live board that is away must cost the line nothing."""

import json
import time
from pathlib import Path

from sqlalchemy import extract, func, select

from core.adapters.schema import inspection
from core.errors import LineError
from ingest.journal import read_journal
from line.account import Key
from line.drill.crew import Crew
from line.drill.findings import findings
from line.drill.place import DrillLine, DrillRefused, drill_line
from line.drill.report import Report
from line.drill.scenario import Scenario
from line.drill.stored_rows import are_stored, stored_rows
from line.drill.under_fire import keys_of, new_crew, observed
from line.drill.watch import Watch

ROUNDS = 3


class BoardNotMissed(LineError):
    """The live board was away and no worker noticed: the drill measured nothing."""


def without_redis(scenario: Scenario) -> Report:
    """Rounds with and without, in turn, each with frames that wait on the bus before the worker starts.

    Compared are the best rates: whatever else the machine does makes a round slower, never faster.
    """
    begun = time.monotonic()
    with drill_line(scenario.bus, with_redis=True) as line:
        if line.servers.redis is None:
            raise DrillRefused("there is no Redis to take away")
        crew = new_crew(line)
        watch = Watch(time.monotonic() + scenario.deadline_s, crew)
        captured: set[Key] = set()
        rates: dict[bool, list[float]] = {True: [], False: []}
        for number in range(2 * ROUNDS):
            is_there = number % 2 == 0
            (line.servers.redis.restart if is_there else line.servers.redis.kill)()
            keys = capture(scenario, number, watch)
            judge_all(crew, watch, keys, is_there)
            rates[is_there].append(rate_of(line, keys))
            captured |= keys
        best = (max(rates[True]), max(rates[False]))
        found = findings(captured, captured, stored_rows(line.ledger), crew.logs.attempts())
        return Report(scenario, found, observed(crew, begun, best))


def capture(scenario: Scenario, number: int, watch: Watch) -> set[Key]:
    """One round's frames, all acknowledged before anybody judges."""
    line, name = watch.crew.line, f"camera-{number}"
    line.start_camera(name, scenario.frames // (2 * ROUNDS), scenario.rate, scenario.seed + number)
    watch.wait_until(lambda: line.stations.running[name].poll() is not None, "the camera still captures")
    journal = read_journal(line.journal(name))
    if journal.acknowledged != journal.captured:
        raise DrillRefused(f"{len(journal.captured - journal.acknowledged)} frames were not acknowledged")
    return keys_of(journal.captured)


def judge_all(crew: Crew, watch: Watch, keys: set[Key], redis_is_there: bool) -> None:
    """One worker, from its start until these have their rows.

    Raises:
        BoardNotMissed: It never noticed that Redis was away, or missed it while it was there.
    """
    summary: Path = crew.line.home / f"summary-{crew.started}.json"
    name = crew.start("", "--summary", str(summary))
    watch.wait_until(lambda: are_stored(crew.line.ledger, keys), "frames have no row")
    crew.terminate(name)
    missed = json.loads(summary.read_text())["board_unavailable"]
    if bool(missed) is redis_is_there:
        raise BoardNotMissed(f"the board was {'there' if redis_is_there else 'away'}, missed {missed} times")


def rate_of(line: DrillLine, keys: set[Key]) -> float:
    """Verdicts per second from the round's first to its last."""
    starts = {start_id for _, start_id, _ in keys}
    moment = extract("epoch", inspection.c.judged_at)
    query = select(func.count(), func.max(moment) - func.min(moment)).where(inspection.c.start_id.in_(starts))
    with line.ledger.engine.connect() as connection:
        count, seconds = connection.execute(query).one()
    return float(count) / max(float(seconds), 1e-3)
