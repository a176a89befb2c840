"""How parts look by the hour, and what has drifted since when."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

DRIFT = """
create table look_rollup (
    product text not null,
    model_version_id bigint not null,
    begins_at timestamptz not null,
    camera text not null,
    lot text not null,
    parts integer not null,
    beyond integer not null,
    constraint pk_look_rollup primary key (product, model_version_id, begins_at, camera, lot),
    constraint ck_look_rollup_beyond check (beyond between 0 and parts)
);
create table drift_alarm (
    product text not null,
    model_version_id bigint not null,
    camera text not null,
    kind text not null,
    since timestamptz not null,
    lot text not null,
    sentence text not null,
    raised_at timestamptz not null,
    over_at timestamptz,
    constraint pk_drift_alarm primary key (product, model_version_id, camera, kind),
    constraint ck_drift_alarm_kind check (kind in ('scores', 'looks'))
);
"""


def upgrade() -> None:
    op.execute(DRIFT)


def downgrade() -> None:
    op.execute("drop table drift_alarm, look_rollup")
