"""Parts that several cameras see, each with its views and one decision."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

PARTS = """
create table part_decision (
    id bigint generated always as identity constraint pk_part_decision primary key,
    product text not null,
    part_id text not null,
    lot text not null,
    first_seen_at timestamptz not null,
    closes_at timestamptz not null,
    cameras jsonb not null,
    deadline_s double precision not null,
    views jsonb not null,
    late jsonb not null,
    missing jsonb not null,
    decision text,
    reason text not null,
    detail text not null,
    decided_at timestamptz,
    constraint ck_part_decision_decision check (decision in ('OK', 'REVIEW', 'NG', 'ERROR')),
    constraint ck_part_decision_decided check ((decision is null) = (decided_at is null)),
    constraint ck_part_decision_reason check ((decision is not distinct from 'ERROR') = (reason <> ''))
);
create index ix_part_decision_product_part_id_first_seen_at on part_decision (product, part_id, first_seen_at);
create index ix_part_decision_product_first_seen_at on part_decision (product, first_seen_at desc);
create index ix_part_decision_open on part_decision (closes_at) where decision is null;
"""


def upgrade() -> None:
    op.execute(PARTS)


def downgrade() -> None:
    op.execute("drop table part_decision")
