"""Who has which part of the review queue before them."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

LEASES = """
create table review_lease (
    captured_at timestamptz not null,
    camera text not null,
    start_id text not null,
    sequence bigint not null,
    who text not null,
    until timestamptz not null,
    constraint pk_review_lease primary key (captured_at, camera, start_id, sequence)
);
create index ix_review_lease_until on review_lease (until);
"""


def upgrade() -> None:
    op.execute(LEASES)


def downgrade() -> None:
    op.execute("drop table review_lease")
