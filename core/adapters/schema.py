"""The tables, as SQLAlchemy Core sees them. The migrations make them; a test holds the two together.

Those that workers keep about themselves are in schema_workers.py, those of people in schema_reviews.py.
`inspection` and `score_map` are partitioned by day on `captured_at`, without a default partition: a day is opened
ahead of time (days.py), and a frame whose day is not open is filed as ERROR "clock" under the broker's time.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
MOMENT = DateTime(timezone=True)
PARTITIONED = ("inspection", "score_map")


def _frame_key() -> list[Column[object]]:
    """The natural key of a frame, led by the day it is filed under."""
    return [
        Column("captured_at", MOMENT, primary_key=True),
        Column("camera", Text, primary_key=True),
        Column("start_id", Text, primary_key=True),
        Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    ]


product = Table(
    "product",
    metadata,
    Column("name", Text, primary_key=True),
    Column("recipe", JSONB, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Column("changed_at", MOMENT, nullable=False),
)

model_version = Table(
    "model_version",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("product", Text, ForeignKey("product.name"), nullable=False),
    Column("bundle_uri", Text, nullable=False),
    Column("bundle_sha256", Text, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Column("who", Text, nullable=False),
    UniqueConstraint("product", "bundle_sha256"),
)

promotion = Table(
    "promotion",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("product", Text, ForeignKey("product.name"), nullable=False),
    Column("model_version_id", BigInteger, ForeignKey("model_version.id"), nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Index(None, "product", "id"),
)

threshold = Table(
    "threshold",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("model_version_id", BigInteger, ForeignKey("model_version.id"), nullable=False),
    Column("review_from", Double, nullable=False),
    Column("reject_from", Double, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    CheckConstraint("review_from <= reject_from", name="band"),
    Index(None, "model_version_id", "id"),
)

# No foreign keys here: each would lock a row that every worker shares, once per frame.
inspection = Table(
    "inspection",
    metadata,
    *_frame_key(),
    Column("product", Text, nullable=False),
    Column("part_id", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("score", Double),
    Column("model_version_id", BigInteger),
    Column("threshold_id", BigInteger),
    Column("review_from", Double),
    Column("reject_from", Double),
    Column("engine", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("arrived_at", MOMENT, nullable=False),
    Column("judged_at", MOMENT, nullable=False),
    Column("frame_uri", Text, nullable=False),
    Column("maps_uri", Text, nullable=False),
    CheckConstraint("decision in ('OK', 'REVIEW', 'NG', 'ERROR')", name="decision"),
    CheckConstraint("(decision = 'ERROR') = (reason <> '')", name="reason"),
    CheckConstraint(
        "(decision = 'ERROR') = (model_version_id is null) and (decision = 'ERROR') = (threshold_id is null)"
        " and (decision = 'ERROR') = (score is null)",
        name="judge",
    ),
    Index("ix_inspection_product_captured_at", "product", text("captured_at DESC")),
    Index("ix_inspection_camera_captured_at", "camera", text("captured_at DESC")),
    Index(
        "ix_inspection_captured_at_not_ok",
        text("captured_at DESC"),
        postgresql_where=text("decision in ('NG', 'REVIEW', 'ERROR')"),
    ),
    postgresql_partition_by="RANGE (captured_at)",
)

score_map = Table(
    "score_map",
    metadata,
    *_frame_key(),
    Column("png", LargeBinary, nullable=False),
    Column("low", Double, nullable=False),
    Column("high", Double, nullable=False),
    postgresql_partition_by="RANGE (captured_at)",
)

# Not partitioned: its natural key holds over all days, so that a frame with a wrong clock, which is filed under
# a new broker's time whenever it is sent again, is still recognised.
quarantine = Table(
    "quarantine",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("camera", Text, nullable=False),
    Column("start_id", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("captured_at", MOMENT, nullable=False),
    Column("claimed_at", MOMENT),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("evidence_uri", Text, nullable=False),
    Column("quarantined_at", MOMENT, nullable=False),
    UniqueConstraint("camera", "start_id", "sequence"),
)

consumer_offset = Table(
    "consumer_offset",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
)

camera_run = Table(
    "camera_run",
    metadata,
    Column("camera", Text, primary_key=True),
    Column("start_id", Text, primary_key=True),
    Column("product", Text, nullable=False),
    Column("captured", BigInteger, nullable=False, server_default="0"),
    Column("dropped", BigInteger, nullable=False, server_default="0"),
    Column("reported_at", MOMENT),
    Column("judged", BigInteger, nullable=False, server_default="0"),
    Column("ok", BigInteger, nullable=False, server_default="0"),
    Column("review", BigInteger, nullable=False, server_default="0"),
    Column("ng", BigInteger, nullable=False, server_default="0"),
    Column("error", BigInteger, nullable=False, server_default="0"),
    Column("acknowledged", BigInteger, nullable=False, server_default="0"),
    Column("missed", BigInteger, nullable=False, server_default="0"),
    Column("skipped", BigInteger, nullable=False, server_default="0"),
    Column("silence", Text, nullable=False, server_default=""),
    Column("last_frame_at", MOMENT),
    Column("ended", Boolean, nullable=False, server_default=false()),
    Column("judged_dropped", BigInteger, nullable=False, server_default="0"),
    Column("first_seen_at", MOMENT, nullable=False, server_default=func.clock_timestamp()),
    Column("seen_until", BigInteger, nullable=False, server_default="0"),
)

optics_baseline = Table(
    "optics_baseline",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("camera", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("baseline", JSONB),
    Column("reference", LargeBinary, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Index(None, "camera", "product", "id"),
)

camera = Table(
    "camera",
    metadata,
    Column("name", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("rate", Double, nullable=False),
    Column("policy", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("changed_at", MOMENT, nullable=False),
    CheckConstraint("rate > 0", name="rate"),
    CheckConstraint("policy in ('block', 'drop-oldest', 'drop-newest')", name="policy"),
)

training_progress = Table(
    "training_progress",
    metadata,
    Column("product", Text, primary_key=True),
    Column("share", Double, nullable=False),
    Column("stage", Text, nullable=False),
    Column("reported_at", MOMENT, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("camera", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("written_at", MOMENT, nullable=False, server_default=func.clock_timestamp()),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", MOMENT, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("old", JSONB),
    Column("new", JSONB),
    Column("why", Text, nullable=False),
)

bus_lane = Table(
    "bus_lane",
    metadata,
    Column("partition", Integer, Identity(always=True, start=0, minvalue=0), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("last_offset", BigInteger, nullable=False, server_default="-1"),
    UniqueConstraint("topic", "key"),
)

bus_record = Table(
    "bus_record",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("headers", LargeBinary, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("arrived_at", MOMENT, nullable=False, server_default=func.clock_timestamp()),
)

live_tile = Table(
    "live_tile",
    metadata,
    Column("camera", Text, primary_key=True),
    Column("product", Text, nullable=False),
    Column("part_id", Text, nullable=False),
    Column("captured_at", MOMENT, nullable=False),
    Column("decision", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("score", Double, nullable=False),
    Column("review_from", Double, nullable=False),
    Column("reject_from", Double, nullable=False),
    Column("map_low", Double, nullable=False),
    Column("map_high", Double, nullable=False),
    Column("thumbnail", LargeBinary, nullable=False),
    Column("map_png", LargeBinary, nullable=False),
    prefixes=["UNLOGGED"],
)
