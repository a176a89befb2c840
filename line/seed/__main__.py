"""`python -m line.seed`: fills the line that the environment names with parts, maps, models and reviews to look at.

Only an empty line is seeded, so that no made-up part ever stands beside a real one.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from core.access import Person
from core.adapters.database import translated
from core.adapters.ledger import PostgresLedger
from core.adapters.migrate import upgrade
from core.adapters.schema import inspection
from core.adapters.wiring import open_artifacts, open_board, open_ledger
from core.errors import LineError
from core.settings import LineSettings
from line.seed.parts import CAMERAS, Seeded, seed_day, seed_parts
from line.seed.reviews import seed_reviews
from line.seed.stations import seed_workers

MORE_CAMERAS = {"line2-top": "bracket", "line2-side": "bracket"}


@dataclass(frozen=True)
class Asked:
    """How much of it."""

    parts: int
    every_s: float
    days: int
    reviews: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Seed, and say what is there now."""
    parser = argparse.ArgumentParser(prog="python -m line.seed", description=__doc__)
    parser.add_argument("--parts", type=int, default=240, help="with pictures, per camera; default 240")
    parser.add_argument("--every", type=float, default=20.0, help="seconds between two of them; default 20")
    parser.add_argument("--days", type=int, default=6, help="of rows without pictures before today; default 6")
    parser.add_argument("--reviews", type=int, default=24, help="of the oldest parts that were not OK; default 24")
    asked = parser.parse_args(arguments)
    try:
        print(seeded(LineSettings(), Asked(asked.parts, asked.every, asked.days, asked.reviews)))
    except LineError as error:
        print(f"seed: {error}", file=sys.stderr)
        return 1
    return 0


def seeded(settings: LineSettings, asked: Asked) -> str:
    """Seed an empty line; what came of it, in words.

    Raises:
        LineError: A server is away.
    """
    ledger, now = open_ledger(settings), datetime.now(UTC)
    upgrade(ledger.engine)
    ledger.prepare_days(now.date())
    there = rows(ledger)
    if there:
        return f"left as it is: {there} inspections are there already"
    line = Seeded(ledger, open_board(settings), open_artifacts(settings), now, CAMERAS | MORE_CAMERAS)
    for day in range(asked.days, 0, -1):
        seed_day(line, ago=day)
    seed_parts(line, asked.parts, asked.every_s)
    seed_workers(line)
    said = seed_reviews(line, Person.at_this_machine("seed"), asked.reviews)
    return f"{rows(ledger)} inspections of {len(line.cameras)} cameras, {said} reviews"


def rows(ledger: PostgresLedger) -> int:
    """How many inspections there are."""
    with translated(), ledger.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(inspection)) or 0


if __name__ == "__main__":
    sys.exit(main())
