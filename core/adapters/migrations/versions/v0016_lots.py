"""Counts by lot, and what finds a part by its id; lots that are there already are counted here."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLE = """
create table lot_rollup (
    product text not null,
    lot text not null,
    camera text not null,
    decision text not null,
    model_version_id bigint not null,
    frames bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    constraint pk_lot_rollup primary key (product, lot, camera, decision, model_version_id)
);
create index ix_lot_rollup_product_last_at on lot_rollup (product, last_at);
create index ix_inspection_part_id on inspection (part_id, captured_at desc) where part_id <> '';
"""

FILL = """
insert into lot_rollup
select product, lot, camera, decision, coalesce(model_version_id, 0), count(*), min(captured_at), max(captured_at)
from inspection where lot <> '' and left(camera, 1) <> '?'
group by 1, 2, 3, 4, 5;
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(FILL)


def downgrade() -> None:
    op.execute("drop table lot_rollup")
    op.execute("drop index ix_inspection_part_id")
