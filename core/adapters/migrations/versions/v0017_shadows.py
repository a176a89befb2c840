"""Models that score beside the active one, and the parts on which the two disagree."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SHADOWS = """
create table shadow (
    id bigint generated always as identity constraint pk_shadow primary key,
    product text not null,
    kind text not null,
    model_version_id bigint not null,
    run_id bigint not null,
    began_at timestamptz not null,
    until timestamptz not null,
    parts_wanted bigint not null,
    expected double precision not null,
    seen bigint not null,
    active_rejected bigint not null,
    shadow_rejected bigint not null,
    ended_at timestamptz
);
create unique index ix_shadow_open on shadow (product) where ended_at is null;
create table disagreement (
    shadow_id bigint not null constraint fk_disagreement_shadow_id_shadow references shadow (id),
    captured_at timestamptz not null,
    camera text not null,
    start_id text not null,
    sequence bigint not null,
    active_decision text not null,
    active_score double precision not null,
    shadow_decision text not null,
    shadow_score double precision not null,
    frame_uri text not null,
    constraint pk_disagreement primary key (shadow_id, captured_at, camera, start_id, sequence)
);
"""


def upgrade() -> None:
    op.execute(SHADOWS)


def downgrade() -> None:
    op.execute("drop table disagreement, shadow")
