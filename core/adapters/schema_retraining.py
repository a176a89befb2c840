"""The tables of retraining: what people ask of it, and which nights are taken; in the same metadata as schema.py."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
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
    Column("slot", Text, primary_key=True),
    Column("claimed_at", MOMENT, nullable=False),
    Column("who", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    CheckConstraint("state in ('running', 'done', 'failed')", name="state"),
)

data_snapshot = Table(
    "data_snapshot",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("product", Text, nullable=False),
    Column("made_at", MOMENT, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("parts", JSONB, nullable=False),
    UniqueConstraint("product", "sha256"),
)

training_run = Table(
    "training_run",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("product", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("began_at", MOMENT, nullable=False),
    Column("state", Text, nullable=False),
    Column("ended_at", MOMENT),
    Column("incumbent_id", BigInteger),
    Column("candidate_id", BigInteger),
    Column("snapshot_id", BigInteger, ForeignKey("data_snapshot.id")),
    Column("reasons", JSONB, nullable=False),
    Column("doubts", JSONB, nullable=False),
    Column("before", JSONB),
    Column("after", JSONB),
    Column("verdict", JSONB, nullable=False),
    Column("passes", Double, nullable=False),
    Column("outcome", Text, nullable=False),
    UniqueConstraint("product", "slot"),
    Index(None, "product", "id"),
)

training_step = Table(
    "training_step",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("run_id", BigInteger, ForeignKey("training_run.id"), nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("text", Text, nullable=False),
    Index(None, "run_id", "id"),
)

shadow = Table(
    "shadow",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("product", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("model_version_id", BigInteger, nullable=False),
    Column("run_id", BigInteger, nullable=False),
    Column("began_at", MOMENT, nullable=False),
    Column("until", MOMENT, nullable=False),
    Column("parts_wanted", BigInteger, nullable=False),
    Column("expected", Double, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("active_rejected", BigInteger, nullable=False),
    Column("shadow_rejected", BigInteger, nullable=False),
    Column("ended_at", MOMENT),
    Index("ix_shadow_open", "product", unique=True, postgresql_where=text("ended_at is null")),
)

disagreement = Table(
    "disagreement",
    metadata,
    Column("shadow_id", BigInteger, ForeignKey("shadow.id"), primary_key=True),
    Column("captured_at", MOMENT, primary_key=True),
    Column("camera", Text, primary_key=True),
    Column("start_id", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("active_decision", Text, nullable=False),
    Column("active_score", Double, nullable=False),
    Column("shadow_decision", Text, nullable=False),
    Column("shadow_score", Double, nullable=False),
    Column("frame_uri", Text, nullable=False),
)
