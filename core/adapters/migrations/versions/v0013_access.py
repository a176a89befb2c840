"""The audit is only ever appended to, and a worker may open a day without being the tables' owner."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

APPEND_ONLY = """
create function refuse_to_change_the_audit() returns trigger language plpgsql as $$
begin
    raise exception 'the audit is only ever appended to' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_is_append_only before update or delete or truncate on audit
    for each statement execute function refuse_to_change_the_audit();
alter table audit enable always trigger audit_is_append_only;
"""

# A table is made aside and then attached, which does not wait for those who write, nor they for it.
OPEN_DAY = """
create function open_day(day date) returns void language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
declare
    parent text;
    part text;
begin
    foreach parent in array array['inspection', 'score_map'] loop
        part := parent || to_char(day, '_YYYYMMDD');
        execute format('create table public.%I (like public.%I including all)', part, parent);
        execute format(
            'alter table public.%I attach partition public.%I for values from (%L) to (%L)',
            parent, part, day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC'
        );
    end loop;
end $$;
revoke all on function open_day(date) from public;
"""


def upgrade() -> None:
    op.execute(APPEND_ONLY)
    op.execute(OPEN_DAY)
    op.execute("revoke create on schema public from public")


def downgrade() -> None:
    op.execute("drop function open_day(date)")
    op.execute("drop trigger audit_is_append_only on audit")
    op.execute("drop function refuse_to_change_the_audit()")
