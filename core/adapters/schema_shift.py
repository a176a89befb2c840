"""The tables of a shift's start: master parts, checks of the line with them, and alarms; in the same metadata."""

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Identity, Index, Table, Text, text

from core.adapters.schema import MOMENT, metadata

master_part = Table(
    "master_part",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("product", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("is_bad", Boolean, nullable=False),
    Column("part_id", Text, nullable=False),
    Column("added_at", MOMENT, nullable=False),
    Column("who", Text, nullable=False),
    Column("retired_at", MOMENT),
    Index(None, "product", "id"),
)

shift_check = Table(
    "shift_check",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("product", Text, nullable=False),
    Column("camera", Text, nullable=False),
    Column("started_at", MOMENT, nullable=False),
    Column("who", Text, nullable=False),
    Index(None, "product", "camera", "id"),
)

shift_check_step = Table(
    "shift_check_step",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("check_id", BigInteger, ForeignKey("shift_check.id"), nullable=False),
    Column("master_part_id", BigInteger, ForeignKey("master_part.id"), nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("who", Text, nullable=False),
    Column("captured_at", MOMENT, nullable=False),
    Column("camera", Text, nullable=False),
    Column("start_id", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("decision", Text, nullable=False),
    Column("score", Double),
    Column("passed", Boolean, nullable=False),
    Index(None, "check_id", "id"),
)

alarm = Table(
    "alarm",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("raised_at", MOMENT, nullable=False),
    Column("product", Text, nullable=False),
    Column("camera", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("acknowledged_at", MOMENT),
    Column("who", Text, nullable=False, server_default=""),
    Column("why", Text, nullable=False, server_default=""),
    Index("ix_alarm_open", "id", postgresql_where=text("acknowledged_at is null")),
)
