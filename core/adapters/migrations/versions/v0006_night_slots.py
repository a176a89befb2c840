"""One night per product and local date, however many timetables watch."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SLOTS = """
create table night_slot (
    product text not null,
    night date not null,
    claimed_at timestamptz not null,
    who text not null,
    constraint pk_night_slot primary key (product, night)
);
"""


def upgrade() -> None:
    op.execute(SLOTS)


def downgrade() -> None:
    op.execute("drop table night_slot")
