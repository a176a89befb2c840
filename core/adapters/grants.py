"""Who may do what in Postgres: one row per table. `python -m core migrate` brings the database to it, each time.

A station logs in as the role of its name (`line_worker` and the like) and gets nothing else. Whoever migrates and
opens days is `line_owner`. Roles belong to the whole server, so they are made where they are missing and never dropped.
Partitions need no rows: a station reaches them through their table alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from core.adapters.schema import metadata

OWNER = "line_owner"
VERSION = "alembic_version"
READ = "select"
WRITE = "select, insert, update"


@dataclass(frozen=True, slots=True)
class Grants:
    """What each station may do with one table. Commands that people type use the dashboard's role."""

    worker: str = ""
    dashboard: str = READ
    retrain: str = ""
    ingest: str = ""


STATION_ROLES = {field.name: f"line_{field.name}" for field in fields(Grants)}
ROLES = (OWNER, *STATION_ROLES.values())

GRANTS = {
    "accepted_features": Grants(dashboard="select, insert", retrain=READ),
    "alarm": Grants(dashboard=WRITE, retrain="select, insert"),
    "audit": Grants(dashboard="select, insert", retrain="insert"),
    "bus_gap": Grants(worker="select, insert"),
    "bus_lane": Grants(worker=READ, ingest=WRITE),
    "bus_record": Grants(worker="select, delete", dashboard="", ingest="select, insert"),
    "camera": Grants(dashboard=f"{WRITE}, delete", ingest=READ),
    "camera_run": Grants(worker=WRITE, ingest=WRITE),
    "consumer_offset": Grants(worker=WRITE),
    "data_snapshot": Grants(retrain="select, insert"),
    "discarded_artifact": Grants(dashboard=""),
    "disagreement": Grants(worker="select, insert", retrain=READ),
    "drift_alarm": Grants(retrain=WRITE),
    "golden_part": Grants(dashboard=WRITE, retrain="select, insert"),
    "in_hand": Grants(worker=f"{WRITE}, delete", dashboard=""),
    # A review locks the row it is about, and a lock asks for the right to update some column: this one decides nothing.
    "inspection": Grants(worker="select, insert", dashboard="select, update (detail)", retrain=READ),
    "live_tile": Grants(worker=WRITE),
    "look_rollup": Grants(retrain=WRITE),
    "lot_rollup": Grants(worker=WRITE, retrain=READ),
    "master_part": Grants(dashboard=f"{WRITE}, delete"),
    "model_version": Grants(worker=READ, retrain="select, insert"),
    "night_slot": Grants(retrain=WRITE),
    "optics_baseline": Grants(worker=READ, dashboard="select, insert"),
    "outbox": Grants(worker="select, insert, delete", dashboard=""),
    "part_decision": Grants(worker=f"{WRITE}, delete"),
    "product": Grants(worker=READ, dashboard=WRITE, retrain=WRITE, ingest=READ),
    "promotion": Grants(worker=READ, dashboard="select, insert", retrain="select, insert"),
    "quarantine": Grants(worker="select, insert"),
    "request": Grants(dashboard="select, insert", retrain="select, update"),
    "review": Grants(dashboard="select, insert", retrain=READ),
    "review_lease": Grants(dashboard=f"{WRITE}, delete"),
    "rollup": Grants(worker=WRITE, retrain=READ),
    "score_map": Grants(worker="select, insert", retrain=READ),
    "shadow": Grants(worker="select, update", retrain=WRITE),
    "shift_check": Grants(dashboard=WRITE),
    "shift_check_step": Grants(dashboard=WRITE),
    "threshold": Grants(worker=READ, dashboard="select, insert", retrain="select, insert"),
    "training_progress": Grants(retrain=WRITE),
    "training_run": Grants(retrain=WRITE),
    "training_step": Grants(retrain="select, insert"),
    "worker_report": Grants(worker=f"{WRITE}, delete"),
}
"""By table. A table that is missing here fails a test; one that the database does not have yet is passed over."""

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "open_day(date)": ("worker",),
    "keep_as_it_is()": (),
    "refuse_to_change_the_audit()": (),
}
"""By function, the stations that may call it. Everybody may call a new one, and one that a restore made anew."""

_MISSING = text(
    "select wanted from unnest(:roles) wanted where not exists (select from pg_roles where rolname = wanted)"
)
_EXISTING_FUNCTIONS = text("select wanted from unnest(:wanted) wanted where to_regprocedure(wanted) is not null")
_EXISTING = text(
    "select relname from pg_class where relnamespace = to_regnamespace('public') and relkind in ('r', 'p')"
)
_IS_SUPERUSER = text("select rolsuper from pg_roles where rolname = current_user")
_NOT_OWNERS = text(
    "select relname from pg_class where relnamespace = to_regnamespace('public') and relowner <> to_regrole(:owner)"
    " and (relname = any(:tables) or oid in (select inhrelid from pg_inherits join pg_class on oid = inhparent"
    " where relname = any(:tables) and relkind = 'p')) and relkind in ('r', 'p')"
)

_OUR_FUNCTIONS = text(
    "select oid::regprocedure::text from pg_proc where pronamespace = to_regnamespace('public')"
    " and proowner = to_regrole(current_user) and not exists (select from pg_depend where objid = pg_proc.oid"
    " and classid = 'pg_proc'::regclass and deptype = 'e')"
)


def bring_grants(connection: Connection, roles: Sequence[str] = ROLES) -> list[str]:
    """Give every role that exists exactly what the table says, in the connection's transaction.

    Returns those of the roles that are missing and that whoever is connected may not make.
    """
    missing = _make_roles(connection, roles)
    present = [role for role in roles if role not in missing]
    if OWNER in present and connection.scalar(_IS_SUPERUSER):
        _give_to_owner(connection)
    functions = connection.scalars(_EXISTING_FUNCTIONS, {"wanted": list(FUNCTIONS)}).all()
    for statement in (*_statements(present, set(connection.scalars(_EXISTING))), *_calls(present, functions)):
        connection.execute(text(statement))
    return missing


def sql_for(roles: Iterable[str]) -> str:
    """What somebody who may make roles runs for those that are missing."""
    return " ".join(f"create role {role};" for role in roles)


def _make_roles(connection: Connection, roles: Sequence[str]) -> list[str]:
    """Make what is missing; return what could not be made. Without a password and without a login."""
    missing = connection.scalars(_MISSING, {"roles": list(roles)}).all()
    return [role for role in missing if not _is_made(connection, role)]


def _is_made(connection: Connection, role: str) -> bool:
    """Whether it is there now; another database of this server may be migrated at the same moment."""
    attempt = connection.begin_nested()
    try:
        connection.execute(
            text(
                f"do $$ begin create role {role} nologin;"
                " exception when duplicate_object or unique_violation then null; end $$"
            )
        )
    except ProgrammingError:
        attempt.rollback()
        return False
    attempt.commit()
    return True


def _give_to_owner(connection: Connection) -> None:
    """So that from here on the owner can migrate and open days without being a superuser."""
    connection.execute(text(f"grant usage, create on schema public to {OWNER}"))
    ours = {"owner": OWNER, "tables": [*GRANTS, VERSION]}
    for table in connection.scalars(_NOT_OWNERS, ours).all():
        connection.execute(text(f"alter table {table} owner to {OWNER}"))
    for function in connection.scalars(_OUR_FUNCTIONS).all():
        connection.execute(text(f"alter function {function} owner to {OWNER}"))


def _statements(present: Iterable[str], tables: set[str]) -> Iterable[str]:
    for station, role in STATION_ROLES.items():
        if role in present:
            yield f"grant usage on schema public to {role}"
            yield f"revoke all on all tables in schema public from {role}"
            for table in sorted(tables & GRANTS.keys()):
                if rights := getattr(GRANTS[table], station):
                    yield f"grant {rights} on {table} to {role}"
            yield f"grant select on {VERSION} to {role}"


def _calls(present: Iterable[str], functions: Iterable[str]) -> Iterable[str]:
    """Taken from everybody first: Postgres gives a function that is made to all, and a dump keeps no revoke."""
    yield "revoke create on schema public from public"
    stations = {name: role for name, role in STATION_ROLES.items() if role in present}
    for function in functions:
        yield f"revoke all on function {function} from {', '.join(('public', *stations.values()))}"
        for name in stations.keys() & set(FUNCTIONS[function]):
            yield f"grant execute on function {function} to {stations[name]}"


def tables_without_grants() -> set[str]:
    """Tables of the schema that no row tells of."""
    return set(metadata.tables) - GRANTS.keys()
