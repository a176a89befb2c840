"""The tables of retraining: what people ask of it, and which nights are taken; in the same metadata as schema.py."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Identity, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from core.adapters.schema import MOMENT, metadata

request = Table(
    "request",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("asked_at", MOMENT, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("taken_by", Text, nullable=False, server_default=""),
    Column("taken_at", MOMENT),
    Column("answer", Text, nullable=False, server_default=""),
    Column("answered_at", MOMENT),
    CheckConstraint("state in ('waiting', 'taken', 'done', 'refused')", name="state"),
    Index("ix_request_open", "id", postgresql_where=text("state in ('waiting', 'taken')")),
    Index(None, "product", "id"),
)

night_slot = Table(
    "night_slot",
    metadata,
    Column("product", Text, primary_key=True),
    Column("night", Date, primary_key=True),
    Column("claimed_at", MOMENT, nullable=False),
    Column("who", Text, nullable=False),
)
