"""The tables of what people say, beside those of schema.py and in the same metadata.

Not partitioned and never dropped: what was said of a part outlives its inspection, and its picture stays while a
review or a golden part names it.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, REAL

from core.adapters.schema import MOMENT, metadata

review = Table(
    "review",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("captured_at", MOMENT, nullable=False),
    Column("camera", Text, nullable=False),
    Column("start_id", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("replaces", BigInteger, nullable=False),
    Column("judgement", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("mask_png", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("product", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("frame_uri", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("score", Double),
    Column("model_version_id", BigInteger),
    CheckConstraint("judgement in ('good', 'defect', 'unsure', 'withdrawn')", name="judgement"),
    # The revision check: of two people who saw the same state, one is first. 0 stands for nothing said yet.
    UniqueConstraint("camera", "start_id", "sequence", "captured_at", "replaces"),
    Index(None, "product", "id"),
    Index("ix_review_sha256", "sha256"),
)

golden_part = Table(
    "golden_part",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("product", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("frame_uri", Text, nullable=False),
    Column("is_defect", Boolean, nullable=False),
    Column("kind", Text, nullable=False),
    Column("mask_png", LargeBinary, nullable=False),
    Column("added_at", MOMENT, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("retired_at", MOMENT),
    Column("retired_why", Text, nullable=False, server_default=""),
    # The review that made it golden; null where it was added otherwise, and then no review takes it out.
    Column("review_id", BigInteger),
    UniqueConstraint("product", "sha256"),
)

accepted_features = Table(
    "accepted_features",
    metadata,
    Column("review_id", BigInteger, ForeignKey("review.id"), primary_key=True, autoincrement=False),
    Column("features", ARRAY(REAL), nullable=False),
)
