"""Gaps of the bus, what retention has discarded, how far into a camera's run judging got, and an age for the outbox."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

GAPS = """
create table bus_gap (
    topic text not null,
    partition integer not null,
    first_offset bigint not null,
    until_offset bigint not null,
    cameras text[] not null,
    found_at timestamptz not null,
    constraint pk_bus_gap primary key (topic, partition, first_offset),
    constraint ck_bus_gap_range check (first_offset < until_offset)
)
"""

DISCARDED = """
create table discarded_artifact (
    uri text not null constraint pk_discarded_artifact primary key,
    discarded_at timestamptz not null
)
"""


def upgrade() -> None:
    op.execute(GAPS)
    op.execute(DISCARDED)
    # 0 for runs of an earlier version: nothing is called overtaken until the next frame of the run is judged.
    op.execute("alter table camera_run add column seen_until bigint not null default 0")
    op.execute("alter table outbox add column written_at timestamptz not null default clock_timestamp()")


def downgrade() -> None:
    op.execute("alter table outbox drop column written_at")
    op.execute("alter table camera_run drop column seen_until")
    op.execute("drop table discarded_artifact, bus_gap")
