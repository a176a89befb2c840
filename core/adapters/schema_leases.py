"""The table of who has which part before them, beside those of schema.py and in the same metadata."""

from sqlalchemy import BigInteger, Column, Index, Table, Text

from core.adapters.schema import MOMENT, metadata

# Nothing depends on it: rows that ran out go with the next ones that are written.
review_lease = Table(
    "review_lease",
    metadata,
    Column("captured_at", MOMENT, primary_key=True),
    Column("camera", Text, primary_key=True),
    Column("start_id", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("who", Text, nullable=False),
    Column("until", MOMENT, nullable=False),
    Index(None, "until"),
)
