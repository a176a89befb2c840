"""Counts by minute, hour and day beside the verdicts; those of rows that are there already are made here."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = """
create table rollup (
    grain text not null,
    begins_at timestamptz not null,
    product text not null,
    camera text not null,
    decision text not null,
    model_version_id bigint not null,
    score_bin integer not null,
    frames bigint not null,
    constraint pk_rollup
        primary key (grain, begins_at, product, camera, decision, model_version_id, score_bin),
    constraint ck_rollup_grain check (grain in ('minute', 'hour', 'day'))
) with (fillfactor = 80);
"""

# A limit asks for parts by their score, a complaint for those of a lot.
INDEXES = """
create index ix_inspection_product_score on inspection (product, score desc);
create index ix_inspection_lot on inspection (lot, captured_at desc) where lot <> '';
"""

FILL = """
insert into rollup
select grain, date_trunc(grain, captured_at, 'UTC'), product, camera, decision, coalesce(model_version_id, 0),
    coalesce(floor(asinh(score / 0.01) / 0.02), -32768), count(*)
from inspection cross join unnest(array['minute', 'hour', 'day']) as grain
where left(camera, 1) <> '?'
group by 1, 2, 3, 4, 5, 6, 7;
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(INDEXES)
    op.execute(FILL)


def downgrade() -> None:
    op.execute("drop table rollup")
    op.execute("drop index ix_inspection_product_score, ix_inspection_lot")
