"""When a request was taken: one whose station died is taken again."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table request add column taken_at timestamptz")
    op.execute("drop index ix_request_waiting")
    op.execute("create index ix_request_open on request (id) where state in ('waiting', 'taken')")


def downgrade() -> None:
    op.execute("drop index ix_request_open")
    op.execute("create index ix_request_waiting on request (id) where state = 'waiting'")
    op.execute("alter table request drop column taken_at")
