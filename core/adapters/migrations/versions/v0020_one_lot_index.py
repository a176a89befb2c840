"""One index of lots where two were alike: each row was entered in both."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("drop index ix_inspection_lot_captured_at")


def downgrade() -> None:
    op.execute("create index ix_inspection_lot_captured_at on inspection (lot, captured_at desc) where lot <> ''")
