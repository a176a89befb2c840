"""The tables of what is no longer there, beside those of schema.py and in the same metadata."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from core.adapters.schema import MOMENT, metadata

# Never deleted: silence about a frame that nobody judged is what this table is against.
bus_gap = Table(
    "bus_gap",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("first_offset", BigInteger, primary_key=True, autoincrement=False),
    Column("until_offset", BigInteger, nullable=False),
    Column("cameras", ARRAY(Text), nullable=False),
    Column("found_at", MOMENT, nullable=False),
    CheckConstraint("first_offset < until_offset", name="range"),
)

# What no row names any more and the store still holds: written in the transaction that stops naming it, removed once
# the store has let go. A crash between the two leaves the note, and the next run goes on from it.
discarded_artifact = Table(
    "discarded_artifact",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("discarded_at", MOMENT, nullable=False),
)
