"""Cameras as rows, counters by which a camera's frames add up, and what its pictures usually look like."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CAMERA = """
create table camera (
    name text not null constraint pk_camera primary key,
    source text not null, -- may hold a password: never logged, never shown
    product text not null,
    rate double precision not null,
    policy text not null,
    enabled boolean not null,
    changed_at timestamptz not null,
    constraint ck_camera_rate check (rate > 0),
    constraint ck_camera_policy check (policy in ('block', 'drop-oldest', 'drop-newest'))
);
"""

# Ordered by the database's own clock: a camera's may jump between two starts.
RUNS = """
alter table camera_run
    add acknowledged bigint not null default 0,
    add missed bigint not null default 0,
    add skipped bigint not null default 0,
    add silence text not null default '',
    add last_frame_at timestamptz,
    add ended boolean not null default false,
    add judged_dropped bigint not null default 0,
    add first_seen_at timestamptz;
update camera_run set first_seen_at = coalesce(reported_at, clock_timestamp());
alter table camera_run
    alter first_seen_at set default clock_timestamp(),
    alter first_seen_at set not null;
"""

# Runs of an earlier version said nothing of the bus, but all of them are over: what they captured, the bus took.
# Their dropped frames are counted in the rows that are still there.
PAST = """
update camera_run set acknowledged = captured;
update camera_run set judged_dropped = counted.number from (
    select camera, start_id, count(*) as number from inspection where reason = 'dropped' group by camera, start_id
) as counted
where (camera_run.camera, camera_run.start_id) = (counted.camera, counted.start_id);
"""


OPTICS = """
create table optics_baseline (
    id bigint generated always as identity constraint pk_optics_baseline primary key,
    camera text not null,
    product text not null,
    baseline jsonb, -- null: not checked any longer
    reference bytea not null,
    at timestamptz not null,
    who text not null,
    why text not null
);
create index ix_optics_baseline_camera_product_id on optics_baseline (camera, product, id);
"""


def upgrade() -> None:
    op.execute(CAMERA)
    op.execute(OPTICS)
    op.execute(RUNS)
    op.execute(PAST)


def downgrade() -> None:
    op.execute("drop table optics_baseline, camera")
    op.execute(
        "alter table camera_run drop acknowledged, drop missed, drop skipped, drop silence, drop last_frame_at,"
        " drop ended, drop judged_dropped, drop first_seen_at"
    )
