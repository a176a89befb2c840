"""The frame bus and the live board of a line that has neither Kafka nor Redis."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BUS = """
create table bus_lane (
    partition integer generated always as identity (start with 0 minvalue 0) constraint pk_bus_lane primary key,
    topic text not null,
    key bytea not null,
    last_offset bigint not null default -1,
    constraint uq_bus_lane_topic_key unique (topic, key)
);
create table bus_record (
    topic text not null,
    partition integer not null,
    "offset" bigint not null,
    headers bytea not null,
    value bytea not null,
    arrived_at timestamptz not null default clock_timestamp(),
    constraint pk_bus_record primary key (topic, partition, "offset")
);
alter table bus_record alter value set storage external; -- pictures do not get smaller
"""

BOARD = """
create unlogged table live_tile (
    camera text not null constraint pk_live_tile primary key,
    product text not null,
    part_id text not null,
    captured_at timestamptz not null,
    decision text not null,
    reason text not null,
    score double precision not null,
    review_from double precision not null,
    reject_from double precision not null,
    map_low double precision not null,
    map_high double precision not null,
    thumbnail bytea not null,
    map_png bytea not null
);
alter table live_tile alter thumbnail set storage external, alter map_png set storage external;
"""


def upgrade() -> None:
    op.execute(BUS)
    op.execute(BOARD)


def downgrade() -> None:
    op.execute("drop table live_tile, bus_record, bus_lane")
