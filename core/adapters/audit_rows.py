"""The audit's rows, read newest first."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, Select, select

from core.adapters.database import translated
from core.adapters.schema import audit
from core.audit import AuditEntry, AuditFilter


def audit_entries(engine: Engine, wanted: AuditFilter, limit: int) -> Sequence[AuditEntry]:
    """The newest that are wanted, newest first; `before_id` goes on where the last of them stood.

    Raises:
        LedgerUnavailable: Postgres does not answer.
    """
    with translated(), engine.connect() as connection:
        return [AuditEntry(*row) for row in connection.execute(_query(wanted).limit(limit))]


def _query(wanted: AuditFilter) -> Select[Any]:
    query = select(*(audit.c[name] for name in ("id", "at", "who", "what", "old", "new", "why")))
    if wanted.who:
        query = query.where(audit.c.who == wanted.who)
    if wanted.what:
        query = query.where(audit.c.what.startswith(wanted.what, autoescape=True))
    if wanted.since is not None:
        query = query.where(audit.c.at >= wanted.since)
    if wanted.before_id is not None:
        query = query.where(audit.c.id < wanted.before_id)
    return query.order_by(audit.c.id.desc())
