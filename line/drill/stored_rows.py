"""The rows of a drill as Postgres holds them. Postgres may be away: then nothing is known, and nothing is wrong."""

from collections.abc import Collection

from sqlalchemy import extract, func, select, text, tuple_

from core.adapters.database import translated
from core.adapters.ledger import PostgresLedger
from core.adapters.schema import inspection
from core.errors import LedgerUnavailable
from line.account import Key
from line.drill.findings import StoredRow

KEY = (inspection.c.camera, inspection.c.start_id, inspection.c.sequence)


def stored_rows(ledger: PostgresLedger) -> list[StoredRow]:
    """Every row: a drill has its database to itself."""
    columns = inspection.c
    judged = (columns.offset, extract("epoch", columns.judged_at), func.coalesce(columns.model_version_id, 0))
    with translated(), ledger.engine.connect() as connection:
        found = connection.execute(select(*KEY, *judged)).all()
    return [StoredRow((row[0], row[1], row[2]), row[3], float(row[4]), int(row[5])) for row in found]


def server_version(ledger: PostgresLedger) -> str:
    """That of the PostgreSQL which held them."""
    with translated(), ledger.engine.connect() as connection:
        return str(connection.scalar(text("show server_version")))


def count_rows(ledger: PostgresLedger) -> int:
    """How many rows there are; 0 while Postgres is away."""
    return _count(ledger, select(func.count()).select_from(inspection))


def are_stored(ledger: PostgresLedger, keys: Collection[Key]) -> bool:
    """Whether all of these have a row."""
    query = select(func.count()).select_from(inspection).where(tuple_(*KEY).in_(list(keys)))
    return _count(ledger, query) >= len(keys)


def _count(ledger: PostgresLedger, query: object) -> int:
    try:
        with translated(), ledger.engine.connect() as connection:
            return int(connection.execute(query).scalar_one())  # type: ignore[call-overload]
    except LedgerUnavailable:
        return 0
