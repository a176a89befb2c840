"""The audit: who changed what, when, and why. Only ever appended, in the transaction of the change itself."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from core.adapters.schema import audit

Values = dict[str, Any]


def note(
    connection: Connection, at: datetime, who: str, why: str, what: str, old: Values | None, new: Values | None
) -> None:
    """One more row. `old` and `new` are read by many: no secret belongs in them."""
    row = insert(audit).values(at=at, who=who, what=what, old=old, new=new, why=why)
    connection.execute(row.inline())  # asks for nothing back: a station may write the audit without reading it
