"""What people say of parts, the parts no model may get wrong again, and what people ask stations to do."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

REVIEWS = """
create table review (
    id bigint generated always as identity constraint pk_review primary key,
    captured_at timestamptz not null,
    camera text not null,
    start_id text not null,
    sequence bigint not null,
    replaces bigint not null,
    judgement text not null,
    kind text not null,
    mask_png bytea not null,
    note text not null,
    who text not null,
    at timestamptz not null,
    product text not null,
    lot text not null,
    sha256 text not null,
    frame_uri text not null,
    decision text not null,
    score double precision,
    model_version_id bigint,
    constraint ck_review_judgement check (judgement in ('good', 'defect', 'unsure', 'withdrawn')),
    constraint uq_review_camera_start_id_sequence_captured_at_replaces
        unique (camera, start_id, sequence, captured_at, replaces)
);
create index ix_review_product_id on review (product, id);
"""

GOLDEN = """
create table golden_part (
    id bigint generated always as identity constraint pk_golden_part primary key,
    product text not null,
    sha256 text not null,
    frame_uri text not null,
    is_defect boolean not null,
    kind text not null,
    mask_png bytea not null,
    added_at timestamptz not null,
    who text not null,
    why text not null,
    retired_at timestamptz,
    retired_why text not null default '',
    constraint uq_golden_part_product_sha256 unique (product, sha256)
);
"""

REQUESTS = """
create table request (
    id bigint generated always as identity constraint pk_request primary key,
    kind text not null,
    product text not null,
    details jsonb not null,
    asked_at timestamptz not null,
    who text not null,
    why text not null,
    state text not null,
    taken_by text not null default '',
    answer text not null default '',
    answered_at timestamptz,
    constraint ck_request_state check (state in ('waiting', 'taken', 'done', 'refused'))
);
create index ix_request_waiting on request (id) where state = 'waiting';
create index ix_request_product_id on request (product, id);
"""


def upgrade() -> None:
    op.execute(REVIEWS)
    op.execute(GOLDEN)
    op.execute(REQUESTS)


def downgrade() -> None:
    op.execute("drop table request, golden_part, review")
