"""The ledger's two forms, each fresh for one test."""

from collections.abc import Iterator
from datetime import date

import pytest

from core.adapters.in_memory_ledger import MemoryLedger
from core.adapters.ledger import PostgresLedger
from core.inspection import OpenDays
from tests.contracts.ledgers import TODAY, Ledger, fresh_postgres_ledger

BACK_AND_AHEAD = OpenDays(date(2026, 11, 23), date(2026, 11, 25))


@pytest.fixture(params=["twin", "postgres"])
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """Open from the day before TODAY to the day after it."""
    if request.param == "twin":
        yield MemoryLedger(BACK_AND_AHEAD)
        return
    postgres = fresh_postgres_ledger(TODAY.date(), back=1, ahead=1)
    yield postgres
    postgres.close()


@pytest.fixture
def postgres_ledger() -> Iterator[PostgresLedger]:
    """The same, on Postgres only."""
    postgres = fresh_postgres_ledger(TODAY.date(), back=1, ahead=1)
    yield postgres
    postgres.close()
