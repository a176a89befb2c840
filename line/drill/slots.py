"""A9: four schedulers watch one timetable, and every night is run once, also when clocks are changed."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from core.adapters.ledger import PostgresLedger
from core.product import Product, Recipe
from line.account import Key
from line.drill.findings import StoredRow, findings
from line.drill.judged_logs import Attempts
from line.drill.place import DrillLine, drill_line
from line.drill.report import Report
from line.drill.scenario import Scenario
from line.drill.under_fire import new_crew, observed
from line.drill.watch import Watch
from retrain.timetable import NightlyJob, due_times, night_of

EVERY_MINUTE = "* * * * *"
BERLIN = NightlyJob("year", "30 2 * * *", "Europe/Berlin")
"""Comes due twice on the day the clocks are set back, and after the gap on the day they are set forward."""
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, 12, tzinfo=UTC)
TOLD = re.compile(r"(night_began|night_left_to_another)\b.*\bproduct=(\S+)")


def one_run_per_slot(scenario: Scenario) -> Report:
    """Real schedulers on products that come due every minute, then as many claimants through a year of nights.

    In the findings a frame is a night that had to be run, a row is a run of it, and `judged_again` counts the times a
    night was left to another.
    """
    begun = time.monotonic()
    with drill_line("postgres", settings={"RETRAIN_PRODUCTS_INTERVAL_S": "1"}) as line:
        crew = new_crew(line)
        watch = Watch(time.monotonic() + scenario.deadline_s, crew)
        names = [f"retrain-{number}" for number in range(1, scenario.workers + 1)]
        products = save_products(line.ledger, scenario.frames)
        for name in names:
            line.stations.start(name, "retrain")
        watch.wait_until(
            lambda: all({product for _, product in told(line, name)} >= products for name in names),
            "a scheduler did not come due for every product",
        )
        line.stations.stop(*names)
        said = [entry for name in names for entry in told(line, name)]
        ran = [product for event, product in said if event == "night_began"]
        left = len(said) - len(ran)
        nights = walk_through_a_year(line.ledger, scenario.workers)
        wanted = [key(name) for name in (*products, *nights_of_the_year())]
        rows = [StoredRow(key(name), number, float(number)) for number, name in enumerate([*ran, *nights])]
        found = findings(wanted, wanted, rows, Attempts(judged=left, distinct=0))
        return Report(scenario, found, observed(crew, begun))


def save_products(ledger: PostgresLedger, count: int) -> set[str]:
    """So many products whose night comes due every minute, each to be run once today."""
    names = {f"night-{number}" for number in range(count)}
    for name in names:
        ledger.save_product(Product(name, Recipe(retrain_cron=EVERY_MINUTE)), datetime.now(UTC), "drill", "A9")
    return names


def told(line: DrillLine, scheduler: str) -> list[tuple[str, str]]:
    """What a scheduler's log says of nights: run, or left to another; with the product."""
    path = line.stations.logs / f"{scheduler}.log"
    text = path.read_text(errors="replace") if path.exists() else ""
    return [(found[1], found[2]) for found in TOLD.finditer(text) if found[2].startswith("night-")]


def nights_of_the_year() -> set[str]:
    """Its local dates."""
    return {str(night_of(BERLIN, due)) for due in due_times(BERLIN, BEGIN, END)}


def walk_through_a_year(ledger: PostgresLedger, claimants: int) -> list[str]:
    """The nights that were run when so many come due at each moment of the year, all at once."""
    ran: list[str] = []

    def come_due(who: int, due: datetime) -> None:
        night = night_of(BERLIN, due)
        with ledger.claim(BERLIN.product, str(night), due, f"claimant {who}") as ours:
            if ours:
                ran.append(str(night))

    with ThreadPoolExecutor(claimants) as pool:
        for due in due_times(BERLIN, BEGIN, END):
            for claim in [pool.submit(come_due, who, due) for who in range(claimants)]:
                claim.result()
    return ran


def key(name: str) -> Key:
    """A night in the form in which findings compare: each is a line of its own, with no order among them."""
    return (name, "", 0)
