"""What accepted parts look like; master parts, checks with them, alarms; parts are found by lot."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

FEATURES = """
create table accepted_features (
    review_id bigint constraint pk_accepted_features primary key
        constraint fk_accepted_features_review_id_review references review (id),
    features real[] not null
);
"""

SHIFT = """
create table master_part (
    id bigint generated always as identity constraint pk_master_part primary key,
    product text not null,
    name text not null,
    is_bad boolean not null,
    part_id text not null,
    added_at timestamptz not null,
    who text not null,
    retired_at timestamptz
);
create index ix_master_part_product_id on master_part (product, id);
create table shift_check (
    id bigint generated always as identity constraint pk_shift_check primary key,
    product text not null,
    camera text not null,
    started_at timestamptz not null,
    who text not null
);
create index ix_shift_check_product_camera_id on shift_check (product, camera, id);
create table shift_check_step (
    id bigint generated always as identity constraint pk_shift_check_step primary key,
    check_id bigint not null constraint fk_shift_check_step_check_id_shift_check references shift_check (id),
    master_part_id bigint not null
        constraint fk_shift_check_step_master_part_id_master_part references master_part (id),
    at timestamptz not null,
    who text not null,
    captured_at timestamptz not null,
    camera text not null,
    start_id text not null,
    sequence bigint not null,
    decision text not null,
    score double precision,
    passed boolean not null
);
create index ix_shift_check_step_check_id_id on shift_check_step (check_id, id);
create table alarm (
    id bigint generated always as identity constraint pk_alarm primary key,
    raised_at timestamptz not null,
    product text not null,
    camera text not null,
    what text not null,
    remedy text not null,
    acknowledged_at timestamptz,
    who text not null default '',
    why text not null default ''
);
create index ix_alarm_open on alarm (id) where acknowledged_at is null;
"""


def upgrade() -> None:
    op.execute(FEATURES)
    op.execute(SHIFT)
    op.execute("create index ix_inspection_lot_captured_at on inspection (lot, captured_at desc) where lot <> ''")


def downgrade() -> None:
    op.execute("drop index ix_inspection_lot_captured_at")
    op.execute("drop table alarm, shift_check_step, shift_check, master_part, accepted_features")
