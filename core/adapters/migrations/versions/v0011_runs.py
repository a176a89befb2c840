"""Nights as runs: what each did and why, and the exact pictures it learned from.

A night's slot says how its run ended, so that one whose holder was killed can be taken over.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SLOTS = """
alter table night_slot add column slot text, add column state text not null default 'done',
    add column tries integer not null default 1;
update night_slot set slot = night::text;
alter table night_slot drop constraint pk_night_slot, drop column night, alter column slot set not null,
    alter column state drop default, alter column tries drop default;
alter table night_slot add constraint pk_night_slot primary key (product, slot),
    add constraint ck_night_slot_state check (state in ('running', 'done', 'failed'));
"""

RUNS = """
create table data_snapshot (
    id bigint generated always as identity constraint pk_data_snapshot primary key,
    product text not null,
    made_at timestamptz not null,
    sha256 text not null,
    parts jsonb not null,
    constraint uq_data_snapshot_product_sha256 unique (product, sha256)
);
create function keep_as_it_is() returns trigger language plpgsql as $$
begin
    raise exception 'a snapshot is never changed: it says what a model learned from';
end $$;
create trigger data_snapshot_stays before update or delete on data_snapshot
    for each row execute function keep_as_it_is();
create table training_run (
    id bigint generated always as identity constraint pk_training_run primary key,
    product text not null,
    slot text not null,
    who text not null,
    why text not null,
    began_at timestamptz not null,
    state text not null,
    ended_at timestamptz,
    incumbent_id bigint,
    candidate_id bigint,
    snapshot_id bigint constraint fk_training_run_snapshot_id_data_snapshot references data_snapshot (id),
    reasons jsonb not null,
    doubts jsonb not null,
    before jsonb,
    after jsonb,
    verdict jsonb not null,
    passes double precision not null,
    outcome text not null,
    constraint uq_training_run_product_slot unique (product, slot)
);
create index ix_training_run_product_id on training_run (product, id);
create table training_step (
    id bigint generated always as identity constraint pk_training_step primary key,
    run_id bigint not null constraint fk_training_step_run_id_training_run references training_run (id),
    at timestamptz not null,
    text text not null
);
create index ix_training_step_run_id_id on training_step (run_id, id);
"""


def upgrade() -> None:
    op.execute(SLOTS)
    op.execute(RUNS)


def downgrade() -> None:
    op.execute("drop table training_step, training_run, data_snapshot")
    op.execute("drop function keep_as_it_is")
    # Only nights have a date; what was asked for "now" is forgotten.
    op.execute("delete from night_slot where slot !~ '^\\d{4}-\\d{2}-\\d{2}$'")
    op.execute("alter table night_slot add column night date, drop column state, drop column tries")
    op.execute("update night_slot set night = slot::date")
    op.execute("alter table night_slot drop constraint pk_night_slot, drop column slot")
    op.execute("alter table night_slot add constraint pk_night_slot primary key (product, night)")
