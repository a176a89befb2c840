"""What of Postgres is an outage to be waited for, and what is a defect that must be seen."""

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, DataError

from core.adapters.database import translated
from core.adapters.ledger import PostgresLedger
from core.adapters.postgres_lanes import on_the_bus
from core.errors import BusUnavailable, LedgerFull, LedgerUnavailable

GONE = psycopg2.DatabaseError("server closed the connection unexpectedly\n\tThis probably means ...")


def test_a_server_that_dies_within_a_statement_is_unavailable() -> None:
    """The driver raises its plainest error then, which has neither a kind nor a code."""
    with pytest.raises(LedgerUnavailable, match="server closed the connection unexpectedly"), translated():
        raise DatabaseError("delete from bus_record", {}, GONE)


def test_a_connection_that_was_cut_is_unavailable_whatever_the_driver_calls_it() -> None:
    with pytest.raises(LedgerUnavailable), translated():
        raise DataError("select 1", {}, psycopg2.DataError("cut"), connection_invalidated=True)


@pytest.mark.server
def test_a_statement_that_cannot_be_right_is_no_outage(postgres_ledger: PostgresLedger) -> None:
    """Waiting would not mend it."""
    with pytest.raises(DataError), translated(), postgres_ledger.engine.connect() as connection:
        connection.execute(text("select 1 / 0"))


@pytest.mark.server
def test_a_full_disk_has_words_and_a_remedy_of_its_own(postgres_ledger: PostgresLedger) -> None:
    """Told by its code, as a ledger and as a bus: what is to be done is not what a dead server needs."""
    full = text("do $$ begin raise exception 'no space' using errcode = '53100'; end $$")
    for wrapped, error in ((translated, LedgerFull), (on_the_bus, BusUnavailable)):
        with (
            pytest.raises(error, match=r"no room left.*python -m core retain"),
            wrapped(),
            postgres_ledger.engine.connect() as asked,
        ):
            asked.execute(full)
