"""Writing to the outbox, in the transaction of what is told: for whoever decides something that the plant hears."""

from collections.abc import Iterable

from sqlalchemy import Connection, insert

from core.adapters.schema import outbox


def append_to_outbox(connection: Connection, told: Iterable[tuple[str, str]]) -> None:
    """Each a key, within which order is kept, and a message; the ids are drawn in this order, row by row."""
    rows = [{"camera": key, "payload": payload} for key, payload in told]
    if rows:
        connection.execute(insert(outbox).returning(outbox.c.id, sort_by_parameter_order=True), rows)
