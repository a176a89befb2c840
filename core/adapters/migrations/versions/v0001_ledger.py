"""The ledger: products and models, inspections by day with their maps, offsets, cameras, outbox, audit."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MODELS = """
create table product (
    name text not null constraint pk_product primary key,
    recipe jsonb not null,
    created_at timestamptz not null,
    changed_at timestamptz not null
);
create table model_version (
    id bigint generated always as identity constraint pk_model_version primary key,
    product text not null constraint fk_model_version_product_product references product (name),
    bundle_uri text not null,
    bundle_sha256 text not null,
    created_at timestamptz not null,
    who text not null,
    constraint uq_model_version_product_bundle_sha256 unique (product, bundle_sha256)
);
create table promotion (
    id bigint generated always as identity constraint pk_promotion primary key,
    product text not null constraint fk_promotion_product_product references product (name),
    model_version_id bigint not null
        constraint fk_promotion_model_version_id_model_version references model_version (id),
    at timestamptz not null,
    who text not null,
    why text not null
);
create index ix_promotion_product_id on promotion (product, id);
create table threshold (
    id bigint generated always as identity constraint pk_threshold primary key,
    model_version_id bigint not null
        constraint fk_threshold_model_version_id_model_version references model_version (id),
    review_from double precision not null,
    reject_from double precision not null,
    at timestamptz not null,
    who text not null,
    why text not null,
    constraint ck_threshold_band check (review_from <= reject_from)
);
create index ix_threshold_model_version_id_id on threshold (model_version_id, id);
create table training_progress (
    product text not null constraint pk_training_progress primary key,
    share double precision not null,
    stage text not null,
    reported_at timestamptz not null
);
"""

INSPECTIONS = """
create table inspection (
    captured_at timestamptz not null,
    camera text not null,
    start_id text not null,
    sequence bigint not null,
    product text not null,
    part_id text not null,
    lot text not null,
    sha256 text not null,
    decision text not null,
    reason text not null,
    detail text not null,
    score double precision,
    model_version_id bigint,
    threshold_id bigint,
    review_from double precision,
    reject_from double precision,
    engine text not null,
    topic text not null,
    partition integer not null,
    "offset" bigint not null,
    arrived_at timestamptz not null,
    judged_at timestamptz not null,
    frame_uri text not null,
    maps_uri text not null,
    constraint pk_inspection primary key (captured_at, camera, start_id, sequence),
    constraint ck_inspection_decision check (decision in ('OK', 'REVIEW', 'NG', 'ERROR')),
    constraint ck_inspection_reason check ((decision = 'ERROR') = (reason <> '')),
    constraint ck_inspection_judge check (
        (decision = 'ERROR') = (model_version_id is null)
        and (decision = 'ERROR') = (threshold_id is null)
        and (decision = 'ERROR') = (score is null)
    )
) partition by range (captured_at);
create index ix_inspection_product_captured_at on inspection (product, captured_at desc);
create index ix_inspection_camera_captured_at on inspection (camera, captured_at desc);
create index ix_inspection_captured_at_not_ok on inspection (captured_at desc)
    where decision in ('NG', 'REVIEW', 'ERROR');
create table score_map (
    captured_at timestamptz not null,
    camera text not null,
    start_id text not null,
    sequence bigint not null,
    png bytea not null,
    low double precision not null,
    high double precision not null,
    constraint pk_score_map primary key (captured_at, camera, start_id, sequence)
) partition by range (captured_at);
alter table score_map alter png set storage external; -- a PNG does not get smaller
create table quarantine (
    id bigint generated always as identity constraint pk_quarantine primary key,
    camera text not null,
    start_id text not null,
    sequence bigint not null,
    captured_at timestamptz not null,
    claimed_at timestamptz,
    reason text not null,
    detail text not null,
    evidence_uri text not null,
    quarantined_at timestamptz not null,
    constraint uq_quarantine_camera_start_id_sequence unique (camera, start_id, sequence)
);
create table consumer_offset (
    topic text not null,
    partition integer not null,
    next_offset bigint not null,
    constraint pk_consumer_offset primary key (topic, partition)
);
create table camera_run (
    camera text not null,
    start_id text not null,
    product text not null,
    captured bigint not null default 0,
    dropped bigint not null default 0,
    reported_at timestamptz,
    judged bigint not null default 0,
    ok bigint not null default 0,
    review bigint not null default 0,
    ng bigint not null default 0,
    error bigint not null default 0,
    constraint pk_camera_run primary key (camera, start_id)
);
create table outbox (
    id bigint generated always as identity constraint pk_outbox primary key,
    camera text not null,
    payload text not null
);
create table audit (
    id bigint generated always as identity constraint pk_audit primary key,
    at timestamptz not null,
    who text not null,
    what text not null,
    old jsonb,
    new jsonb,
    why text not null
);
"""


def upgrade() -> None:
    op.execute(MODELS)
    op.execute(INSPECTIONS)


def downgrade() -> None:
    op.execute("drop table audit, outbox, camera_run, consumer_offset, quarantine, score_map, inspection")
    op.execute("drop table training_progress, threshold, promotion, model_version, product")
