"""Which review made a part golden, so that withdrawing it takes the part out again."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table golden_part add column review_id bigint")
    op.execute("create index ix_review_sha256 on review (sha256)")


def downgrade() -> None:
    op.execute("drop index ix_review_sha256")
    op.execute("alter table golden_part drop column review_id")
