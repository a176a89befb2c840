"""The table of parts that several cameras see, beside those of schema.py and in the same metadata.

Not partitioned: a part moves in time with every view that turns out to have come earlier. What is said in `views` and
`late` decides; `missing`, `decision`, `reason` and `detail` follow from it and are written down for whoever reads.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Double, Identity, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from core.adapters.schema import MOMENT, metadata

part_decision = Table(
    "part_decision",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("product", Text, nullable=False),
    Column("part_id", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("first_seen_at", MOMENT, nullable=False),
    Column("closes_at", MOMENT, nullable=False),
    Column("cameras", JSONB, nullable=False),
    Column("deadline_s", Double, nullable=False),
    Column("views", JSONB, nullable=False),
    Column("late", JSONB, nullable=False),
    Column("missing", JSONB, nullable=False),
    Column("decision", Text),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("decided_at", MOMENT),
    CheckConstraint("decision in ('OK', 'REVIEW', 'NG', 'ERROR')", name="decision"),
    CheckConstraint("(decision is null) = (decided_at is null)", name="decided"),
    CheckConstraint("(decision is not distinct from 'ERROR') = (reason <> '')", name="reason"),
    Index(None, "product", "part_id", "first_seen_at"),
    Index("ix_part_decision_product_first_seen_at", "product", text("first_seen_at DESC")),
    Index("ix_part_decision_open", "closes_at", postgresql_where=text("decision is null")),
)
