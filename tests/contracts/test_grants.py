"""Each station's role in Postgres: it can do its work, and everything else is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from sqlalchemy import Engine, event, make_url, text

import core.adapters
from core import changes
from core.access import Person
from core.adapters.audit_rows import audit_entries
from core.adapters.database import open_engine, translated
from core.adapters.days import prepare_days
from core.adapters.fleet_lock import PostgresFleetLock
from core.adapters.grants import FUNCTIONS, GRANTS, ROLES, STATION_ROLES, bring_grants, sql_for, tables_without_grants
from core.adapters.ledger import PostgresLedger
from core.adapters.live_board import PostgresLiveBoard
from core.adapters.migrate import downgrade, upgrade
from core.adapters.postgres_bus import PostgresBacklog, PostgresFrameConsumer, PostgresFramePublisher
from core.audit import AuditFilter
from core.camera import CameraChange, ConfiguredCamera
from core.errors import SettingRefused
from core.frame import Frame
from core.inspection import CameraRun, Progress, TrainingProgress
from core.product import Product, Recipe
from core.request import RequestKind, RequestState
from core.retraining import LearnedPart, Origin, Use
from core.review import Judgement, Opinion, PartKey
from core.verdict import Decision, Threshold
from core.wire import to_record
from tests import servers
from tests.contracts.ledgers import TODAY, batch, bundle, frame, inspected, refused
from tests.contracts.test_ledger_workers import report
from tests.contracts.test_live_board import TILE

ANNA = Person.at_this_machine("anna")
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LEARNED = (next(iter(Origin)), next(iter(Use)))
PRIVILEGES = ("select", "insert", "update", "delete", "truncate", "references", "trigger")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A migrated database with three days open, shared by tests that each take what they need."""
    address = servers.postgres()
    engine = open_engine(address)
    upgrade(engine)
    prepare_days(engine, TODAY.date(), 1, 1)
    yield address
    engine.dispose()


@contextmanager
def connected_as(url: str, role: str) -> Iterator[Engine]:
    """An engine whose every connection is this role."""
    engine = open_engine(url)

    @event.listens_for(engine, "connect")
    def become(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"set role {role}")
        connection.commit()

    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def station(url: str, name: str) -> Iterator[PostgresLedger]:
    with connected_as(url, STATION_ROLES[name]) as engine:
        yield PostgresLedger(engine, tells=True)


def run(engine: Engine, *statements: str) -> None:
    with translated(), engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_every_table_says_who_may_do_what_with_it() -> None:
    """A new table needs a row in core/adapters/grants.py, whichever file of the schema it is in."""
    for module in iter_modules(core.adapters.__path__, "core.adapters."):
        if module.name.startswith("core.adapters.schema"):
            import_module(module.name)
    assert tables_without_grants() == set()


HELD = text(
    "select role, tablename, privilege from unnest(:roles) role, pg_tables, unnest(:privileges) privilege"
    " where schemaname = 'public' and has_table_privilege(role, quote_ident(tablename), privilege)"
)
HELD_COLUMNS = text(
    "select grantee, table_name, lower(privilege_type) || ' (' || column_name || ')'"
    " from information_schema.column_privileges held where grantee = any(:roles) and not exists ("
    "select from information_schema.table_privileges whole where whole.grantee = held.grantee"
    " and whole.table_name = held.table_name and whole.privilege_type = held.privilege_type)"
)


def test_roles_hold_exactly_what_the_table_says(url: str) -> None:
    """Nothing less and nothing more, for every role, table and privilege; over a partition itself nothing at all."""
    wanted = {
        (role, table, privilege)
        for table, grants in GRANTS.items()
        for name, role in STATION_ROLES.items()
        for privilege in getattr(grants, name).split(", ")
        if privilege
    }
    owned = open_engine(url)
    with owned.connect() as connection:
        tables = set(connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")))
        asked = {"roles": list(STATION_ROLES.values()), "privileges": list(PRIVILEGES)}
        held = {tuple(row) for query in (HELD, HELD_COLUMNS) for row in connection.execute(query, asked)}
    owned.dispose()
    known = {one for one in wanted if one[1] in tables}
    assert held == known | {(role, "alembic_version", "select") for role in STATION_ROLES.values()}


CALLABLE = text(
    "select oid::regprocedure::text, role from pg_proc, unnest(cast(:roles as text[])) role"
    " where pronamespace = 'public'::regnamespace and has_function_privilege(role, oid, 'execute')"
)


def test_roles_may_call_exactly_what_the_table_says(url: str) -> None:
    """Every function of the schema is in it, and nobody else may call one."""
    wanted = {(function, STATION_ROLES[name]) for function, names in FUNCTIONS.items() for name in names}
    owned = open_engine(url)
    with owned.connect() as connection:
        found = connection.scalars(
            text("select oid::regprocedure::text from pg_proc where pronamespace = 'public'::regnamespace")
        )
        assert set(found) == set(FUNCTIONS)
        held = connection.execute(CALLABLE, {"roles": ["public", *STATION_ROLES.values()]})
        assert {tuple(row) for row in held} == wanted
    owned.dispose()


def test_a_camera_station_can_do_its_work(url: str) -> None:
    """It reads its row, puts frames on the bus and reports its counters; a fleet holds its lock and shows them all."""
    with station(url, "ingest") as ledger:
        publisher = PostgresFramePublisher(ledger.engine)
        header = frame(1, camera="granted")
        told = publisher.publish(to_record(Frame(header, b"picture")))
        publisher.close(10)
        assert told.result(1).offset == 0
        ledger.report(CameraRun("granted", header.id.start_id, "ballscrew", 1, 0, NOW, acknowledged=1))
        assert ledger.cameras() == []
        assert "granted" in [run.camera for run in ledger.newest_runs()]
        lock = PostgresFleetLock(ledger.engine)
        assert lock.take()
        lock.release()


def test_a_worker_can_do_its_work(url: str) -> None:
    """From the bus to rows, maps, counters and tiles; the next day is opened by it too."""
    with station(url, "worker") as ledger:
        consumer = PostgresFrameConsumer(ledger.engine, ledger.next_offsets, "worker")
        consumer.poll(10, 0.1)
        consumer.settle([Progress("frames", 0, 0, 1)])
        consumer.close()
        step = (Progress("frames", 40, 0, 1),)
        assert ledger.take(step, "me")
        assert ledger.take_one(Progress("frames", 41, 0, 1), "me") == 1
        ledger.let_go("me")
        assert ledger.record(batch(inspected(frame(7), Decision.NG), refused(8), first=0, partition=40)).new == 2
        ledger.told([message.id for message in ledger.pending(10)])
        ledger.report_worker(report())
        assert (ledger.products(), ledger.active(), ledger.optics()) == ([], {}, {})
        PostgresLiveBoard(ledger.engine).show([TILE])
        assert ledger.open_days().last == TODAY.date() + timedelta(days=1)
        assert prepare_days(ledger.engine, TODAY.date(), 0, 2) == [TODAY.date() + timedelta(days=2)]
        late = inspected(frame(9, captured_at=TODAY + timedelta(days=2)))
        assert ledger.record(batch(late, first=0, partition=42)).new == 1


def test_the_dashboard_can_do_its_work(url: str) -> None:
    """It reads what there is, and makes the changes that people ask for, with the audit."""
    with station(url, "worker") as worker:
        worker.record(batch(inspected(frame(60), Decision.NG), first=0, partition=60))
    with station(url, "retrain") as retrain:
        version = retrain.register("nut", bundle("dashboard"), Threshold(0.4, 0.8), NOW, "night")
    with station(url, "dashboard") as ledger:
        camera = ConfiguredCamera("line1-new", "folder:parts", "nut", 2.0)
        changes.set_threshold(ledger, ANNA, version.id, Threshold(0.1, 0.2), NOW, "misses")
        ledger.promote(version.id, NOW, "anna", "trial")
        changes.save_product(ledger, ANNA, Product("nut", Recipe()), NOW, "recipe")
        changes.change_camera(ledger, ANNA, CameraChange(None, camera), NOW, "new")
        changes.change_camera(ledger, ANNA, CameraChange(camera, None), NOW, "gone")
        changes.save_optics(ledger, ANNA, "line1-top", "nut", None, NOW, "off")
        ledger.ask(RequestKind.TRAIN, "nut", {}, NOW, "anna", "new parts")
        said = ledger.add_review(PartKey(TODAY, frame(60).id), Opinion(Judgement.DEFECT), 0, NOW, "anna")
        ledger.settle(PartKey(TODAY, frame(60).id), Opinion(Judgement.GOOD), said.id, NOW, "anna")
        assert ledger.golden("ballscrew") == []
        assert len(audit_entries(ledger.engine, AuditFilter(), 100)) >= 8
        assert PostgresBacklog(ledger.engine, ledger.next_offsets).waiting() >= 0
        PostgresLiveBoard(ledger.engine).tiles()
        assert (ledger.workers(), ledger.trainings(), ledger.run_counts()) is not None


def test_the_retrain_station_can_do_its_work(url: str) -> None:
    """It registers and promotes, claims nights, answers requests and reads what it learns from."""
    with station(url, "retrain") as ledger:
        version = ledger.register("bolt", bundle("retrain"), Threshold(0.4, 0.8), NOW, "night")
        ledger.promote(version.id, NOW, "night", "better")
        ledger.set_threshold(version.id, Threshold(0.5, 0.9), NOW, "night", "calibrated")
        ledger.save_product(Product("bolt", Recipe()), NOW, "night", "first")
        ledger.report_training(TrainingProgress("bolt", 0.5, "flows", NOW))
        with ledger.claim("bolt", "2026-11-24", NOW, "night") as ours:
            assert ours
        run = ledger.begin_run("bolt", "2026-11-24", NOW, "night", "every night")
        ledger.note_step(run.id, NOW, "began")
        ledger.save_run(run)
        ledger.keep_snapshot("bolt", [LearnedPart("0" * 64, "memory:a", NOW, "", "line1-top", *LEARNED)], NOW)
        assert ledger.snapshots("bolt") != []
        if (taken := ledger.take_request(NOW, "night")) is not None:
            ledger.answer(taken.id, RequestState.DONE, "done", NOW)
        assert ledger.kept_good("bolt", NOW).judged_ok == 0
        assert ledger.accepted("bolt", 0) == ledger.defects("bolt") == ledger.golden("bolt") == []


FORBIDDEN = {
    "ingest": [
        "insert into audit (at, who, what, why) values (now(), 'eve', 'x', 'x')",
        "update camera set source = 'folder:elsewhere'",
        "select * from inspection",
        "insert into inspection select * from inspection",
        "update consumer_offset set next_offset = 0",
        "delete from bus_record",
        "update threshold set reject_from = 1e9",
        "select * from review",
        "select open_day('2027-01-01')",
    ],
    "worker": [
        "update threshold set reject_from = 1e9",
        "insert into promotion (product, model_version_id, at, who, why) values ('nut', 1, now(), 'eve', 'x')",
        "update inspection set decision = 'OK'",
        "delete from inspection",
        "delete from quarantine",
        "select source from camera",
        "select * from audit",
        "insert into audit (at, who, what, why) values (now(), 'eve', 'x', 'x')",
        "insert into review default values",
        "create table mine (id int)",
        "drop table inspection_20261124",
        "delete from inspection_20261124",
        "update product set recipe = '{}'",
    ],
    "dashboard": [
        "update audit set who = 'somebody else'",
        "delete from audit",
        "truncate audit",
        "update review set judgement = 'good'",
        "delete from review",
        "delete from golden_part",
        "update inspection set decision = 'OK'",
        "insert into model_version (product, bundle_uri, bundle_sha256, created_at, who) values ('n','','',now(),'')",
        "update threshold set reject_from = 1e9",
        "select open_day('2027-01-01')",
        "create table mine (id int)",
        "select value from bus_record",
        "alter table audit disable trigger all",
    ],
    "retrain": [
        "delete from audit",
        "select * from audit",
        "insert into review default values",
        "update golden_part set is_defect = false",
        "delete from golden_part",
        "update inspection set decision = 'OK'",
        "select source from camera",
        "delete from model_version",
        "select open_day('2027-01-01')",
    ],
}
"""What somebody who took over a station would try."""


@pytest.mark.parametrize(("name", "statement"), [(name, one) for name, tried in FORBIDDEN.items() for one in tried])
def test_what_a_station_may_not_do_is_refused(url: str, name: str, statement: str) -> None:
    """By Postgres itself, whatever the station's code is made to say; the error names the setting."""
    words = r"DATABASE_URL: (permission denied|must be owner)"
    with connected_as(url, STATION_ROLES[name]) as engine, pytest.raises(SettingRefused, match=words):
        run(engine, statement)


def test_nobody_changes_the_audit_not_even_its_owner(url: str) -> None:
    """Also where triggers are switched off for a session, as replication does."""
    engine = open_engine(url)
    ledger = PostgresLedger(engine)
    ledger.save_product(Product("audited", Recipe()), NOW, "anna", "first")
    for statement in ("update audit set who = 'eve'", "delete from audit", "truncate audit"):
        for setting in ("origin", "replica"):
            with pytest.raises(SettingRefused, match="only ever appended"):
                run(engine, f"set local session_replication_role = {setting}", statement)
    assert [entry.who for entry in audit_entries(engine, AuditFilter(what="product audited"), 9)] == ["anna"]
    engine.dispose()


def test_the_owner_migrates_without_being_a_superuser(url: str) -> None:
    """Down and up again, with days open, as line_owner; what it makes is the stations' to use."""
    address = servers.postgres()
    superuser = open_engine(address)
    upgrade(superuser)
    prepare_days(superuser, TODAY.date(), 0, 0)
    with connected_as(address, "line_owner") as engine:
        downgrade(engine, "0007")
        upgrade(engine)
        assert len(prepare_days(engine, TODAY.date(), 0, 1)) == 1
    with station(address, "worker") as worker:
        assert worker.record(batch(inspected(frame(1)), first=0)).new == 1
    superuser.dispose()


def test_who_may_not_make_roles_is_told_what_to_run(url: str) -> None:
    """And migrates all the same; once the roles are there, migrating again brings their grants."""
    address = servers.postgres()
    superuser = open_engine(address)
    database = make_url(address).database
    with superuser.begin() as connection:
        connection.execute(text(f"create role plain_{database}"))
        connection.execute(text(f"grant create, usage on schema public to plain_{database}"))
    with connected_as(address, f"plain_{database}") as engine:
        upgrade(engine)
        with engine.begin() as connection:
            assert bring_grants(connection, roles=(*ROLES, "line_unheard_of")) == ["line_unheard_of"]
    with station(address, "ingest") as ledger:
        assert ledger.cameras() == []
    with superuser.begin() as connection:
        connection.execute(text(f"drop owned by plain_{database}"))
        connection.execute(text(f"drop role plain_{database}"))
    superuser.dispose()
    assert sql_for(["line_unheard_of"]) == "create role line_unheard_of;"
