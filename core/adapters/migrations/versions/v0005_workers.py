"""What workers say of themselves, and what they have in hand."""

from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None

REPORTS = """
create table worker_report (
    owner text not null constraint pk_worker_report primary key,
    started_at timestamptz not null,
    reported_at timestamptz not null,
    turned_at timestamptz not null,
    judged bigint not null,
    errors bigint not null,
    fenced bigint not null,
    waits_for text not null,
    models text not null,
    ended boolean not null
);
"""

IN_HAND = """
create table in_hand (
    topic text not null,
    partition integer not null,
    first_offset bigint not null,
    until_offset bigint not null,
    first_tries integer not null,
    tries integer not null,
    owner text not null,
    taken_at timestamptz not null,
    constraint pk_in_hand primary key (topic, partition),
    constraint ck_in_hand_range check (first_offset < until_offset)
) with (fillfactor = 50); -- each row is rewritten with every batch, in place
"""


def upgrade() -> None:
    op.execute(REPORTS)
    op.execute(IN_HAND)


def downgrade() -> None:
    op.execute("drop table in_hand, worker_report")
