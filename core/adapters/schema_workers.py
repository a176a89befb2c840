"""The tables that workers keep about themselves, beside those of schema.py and in the same metadata."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Integer, Table, Text

from core.adapters.schema import MOMENT, metadata

worker_report = Table(
    "worker_report",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("started_at", MOMENT, nullable=False),
    Column("reported_at", MOMENT, nullable=False),
    Column("turned_at", MOMENT, nullable=False),
    Column("judged", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),
    Column("fenced", BigInteger, nullable=False),
    Column("waits_for", Text, nullable=False),
    Column("models", Text, nullable=False),
    Column("ended", Boolean, nullable=False),
)

# One row per partition, whatever passes through it.
in_hand = Table(
    "in_hand",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("first_offset", BigInteger, nullable=False),
    Column("until_offset", BigInteger, nullable=False),
    Column("first_tries", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("taken_at", MOMENT, nullable=False),
    CheckConstraint("first_offset < until_offset", name="range"),
)
