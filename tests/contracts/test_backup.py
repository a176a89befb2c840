"""A backup is whole or refused; what is restored is what was there; an upgrade keeps every row."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import JSON, Engine, Table, text
from sqlalchemy.exc import DBAPIError

from core import adapters
from core.adapters import postgres_programs
from core.adapters.artifacts import FsspecArtifacts
from core.adapters.backup import INSIDE_JSON, NAMING, NEEDED, RENAMED, Vault, read_manifest
from core.adapters.database import open_engine
from core.adapters.days import prepare_days
from core.adapters.expired_rows import AGING, FOR_EVER
from core.adapters.grants import ROLES
from core.adapters.ledger import PostgresLedger
from core.adapters.migrate import downgrade, upgrade
from core.adapters.retain import alone
from core.adapters.schema import metadata
from core.backup import DUMP, MANIFEST, Held, Manifest, differences, names_in_store
from core.errors import BackupRefused, HousekeepingRuns, ProgramMissing
from core.frame import sha256_of
from core.request import RequestKind
from core.retraining import LearnedPart, Origin, Use
from line.backup_drill import fill, fingerprints
from tests import servers
from tests.contracts.ledgers import TODAY

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
FRAMES = 20


def opened(store: Path) -> Vault:
    store.mkdir()
    return Vault(open_engine(servers.postgres()), FsspecArtifacts(str(store)))


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A line with a week of parts, and a backup of it in `backup`."""
    made = opened(tmp_path / "artifacts")
    upgrade(made.engine)
    prepare_days(made.engine, TODAY.date())
    fill(PostgresLedger(made.engine, tells=True), made.store, FRAMES, TODAY)
    yield made
    made.engine.dispose()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Vault]:
    """Where to restore to: another database, another folder."""
    made = opened(tmp_path / "restored")
    yield made
    made.engine.dispose()


def named(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        queries = (f"select {column} from {table} where {column} <> ''" for table, column in NAMING)
        return {uri for query in queries for uri in connection.scalars(text(query))}


def test_a_backup_brings_back_every_row_and_every_artifact(vault: Vault, empty: Vault, tmp_path: Path) -> None:
    """Into another store: rows name what lies there now, and all else is as it was."""
    manifest = vault.backup(tmp_path / "backup", TODAY)
    assert len(manifest.artifacts) == 2 * FRAMES + 2
    assert manifest.missing == ()
    assert empty.restore(tmp_path / "backup") == manifest
    before, after = (fingerprints(each.engine, each.store) for each in (vault, empty))
    changed = {line.split(":")[0] for line in differences(before, after)}
    assert changed == {f"table {table}" for table in ("inspection", "review", "golden_part", "model_version")}
    assert all(empty.store.get(uri) for uri in named(empty.engine))
    for table, count in (("inspection", FRAMES), ("review", 2), ("audit", 5)):
        assert after[f"table {table}"].split()[0] == before[f"table {table}"].split()[0]
        assert int(after[f"table {table}"].split()[0]) >= count


def callers(engine: Engine) -> set[tuple[str, str]]:
    query = text(
        "select oid::regprocedure::text, role from pg_proc, unnest(cast(:roles as text[])) role"
        " where pronamespace = 'public'::regnamespace and has_function_privilege(role, oid, 'execute')"
    )
    with engine.connect() as connection:
        return {(function, role) for function, role in connection.execute(query, {"roles": ["public", *ROLES]})}


def test_after_a_restore_and_migrate_nobody_may_do_more_than_before(vault: Vault, empty: Vault, tmp_path: Path) -> None:
    """A dump keeps no rights, and Postgres lets everybody call what is made: a day far off stops a line."""
    vault.backup(tmp_path / "backup", TODAY)
    empty.restore(tmp_path / "backup")
    upgrade(empty.engine)
    assert callers(empty.engine) == callers(vault.engine)
    assert ("open_day(date)", "line_ingest") not in callers(empty.engine)


def test_a_snapshot_names_its_pictures_where_they_lie_now(vault: Vault, empty: Vault, tmp_path: Path) -> None:
    """Its list is one JSON value that nobody may change, but a restore has moved what it names."""
    elsewhere = {"frame_uri": "s3://other/2.png", "lot": "b"}
    parts = [{"frame_uri": f"{vault.store.url}/frames/1.png", "lot": "a"}, elsewhere]
    row = "insert into data_snapshot (product, made_at, sha256, parts) values ('disc', :at, 'x', cast(:parts as jsonb))"
    with vault.engine.begin() as connection:
        connection.execute(text(row), {"at": TODAY, "parts": json.dumps(parts)})
    vault.backup(tmp_path / "backup", TODAY)
    empty.restore(tmp_path / "backup")
    with empty.engine.begin() as connection:
        (kept,) = connection.scalars(text("select parts from data_snapshot"))
        with pytest.raises(DBAPIError, match="never changed"):
            connection.execute(text("update data_snapshot set product = 'other'"))
    assert kept == [{"frame_uri": f"{empty.store.url}/frames/1.png", "lot": "a"}, elsewhere]


def test_the_pictures_that_a_first_model_is_asked_for_with_come_back(
    vault: Vault, empty: Vault, tmp_path: Path
) -> None:
    """Only the request's JSON names them: after the restore the station can still train from them, in order."""
    uris = [vault.store.put(f"good/disc/{name}.png", name.encode()) for name in "ba"]
    ledger = PostgresLedger(vault.engine)
    ledger.ask(RequestKind.TRAIN, "disc", {"images": uris}, TODAY, "anna", "first")
    ledger.ask(RequestKind.PROMOTE, "disc", {"model_version_id": 1, "images": "none"}, TODAY, "anna", "later")
    vault.backup(tmp_path / "backup", TODAY)
    empty.restore(tmp_path / "backup")
    taken = PostgresLedger(empty.engine).take_request(TODAY, "station")
    assert taken is not None
    assert [empty.store.get(uri) for uri in taken.details["images"]] == [b"b", b"a"]


def test_the_pictures_that_a_snapshot_names_come_back(vault: Vault, empty: Vault, tmp_path: Path) -> None:
    """Also where the station was killed before its run named the snapshot."""
    uri = vault.store.put("learned/disc/1.png", b"picture")
    part = LearnedPart(sha256_of(b"picture"), uri, TODAY, "", "", Origin.ACCEPTED, Use.TRAIN)
    PostgresLedger(vault.engine).keep_snapshot("disc", [part], TODAY)
    vault.backup(tmp_path / "backup", TODAY)
    empty.restore(tmp_path / "backup")
    (snapshot,) = PostgresLedger(empty.engine).snapshots("disc")
    assert empty.store.get(snapshot.parts[0].frame_uri) == b"picture"


def test_nobody_else_may_read_a_backup(vault: Vault, tmp_path: Path) -> None:
    """The dump holds the cameras' passwords."""
    vault.backup(tmp_path / "backup", TODAY)
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0


def test_a_backup_of_a_running_line_names_nothing_that_it_does_not_hold(
    vault: Vault, empty: Vault, tmp_path: Path
) -> None:
    """Frames are recorded all the while: what the dump holds and what was copied are of one moment."""
    over, begun = Event(), Event()
    ledger = PostgresLedger(vault.engine, tells=True)

    def record_on() -> None:
        number = 0
        while not over.is_set():
            store = FsspecArtifacts(vault.store.url.removeprefix("file://"))
            uri = store.put(f"frames/2026-11-24/late/{number}.png", b"late")
            with ledger.engine.begin() as connection:
                connection.execute(
                    text("update inspection set frame_uri = :uri where sequence = :number"),
                    {"uri": uri, "number": number % FRAMES},
                )
            number += 1
            begun.set()

    thread = Thread(target=record_on)
    thread.start()
    begun.wait(30)
    vault.backup(tmp_path / "backup", TODAY)
    over.set()
    thread.join(30)
    empty.restore(tmp_path / "backup")
    assert all(empty.store.get(uri) for uri in named(empty.engine))


def test_a_damaged_backup_is_refused_before_anything_is_changed(vault: Vault, empty: Vault, tmp_path: Path) -> None:
    """A picture of another length, one with a flipped byte, a dump that was cut, a file that is gone, no manifest."""
    folder = tmp_path / "backup"
    manifest = vault.backup(folder, TODAY)
    picture, other = (folder / "artifacts" / manifest.artifacts[number].name for number in (3, 4))
    for path in (picture, other, folder / DUMP, folder / MANIFEST):
        whole = path.read_bytes()
        for damaged in (whole[: len(whole) // 2], None, bytes([whole[0] ^ 1]) + whole[1:]):
            path.unlink() if damaged is None else path.write_bytes(damaged)
            with pytest.raises(BackupRefused):
                empty.restore(folder)
            path.write_bytes(whole)
    with empty.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from pg_class where relname = 'inspection'")) == 0
    assert not [path for path in (tmp_path / "restored").rglob("*") if path.is_file()]
    empty.restore(folder)


def test_a_restore_overwrites_nothing(vault: Vault, tmp_path: Path) -> None:
    """Into a database that holds tables nobody restores; nor is a backup written over another."""
    before = fingerprints(vault.engine, vault.store)
    vault.backup(tmp_path / "backup", TODAY)
    with pytest.raises(BackupRefused, match="tables already"):
        vault.restore(tmp_path / "backup")
    with pytest.raises(BackupRefused, match="not empty"):
        vault.backup(tmp_path / "backup", TODAY)
    assert fingerprints(vault.engine, vault.store) == before


def test_a_backup_of_a_later_version_is_refused(vault: Vault, empty: Vault, tmp_path: Path) -> None:
    """This version would not know what its tables mean."""
    vault.backup(tmp_path / "backup", TODAY)
    manifest = tmp_path / "backup" / MANIFEST
    told = json.loads(manifest.read_text()) | {"revision": "9999"}
    manifest.write_text(json.dumps(told))
    with pytest.raises(BackupRefused, match="later version"):
        empty.restore(tmp_path / "backup")


def test_a_path_that_leads_out_of_the_backup_is_refused(vault: Vault, empty: Vault, tmp_path: Path) -> None:
    """A manifest may come from a stranger."""
    vault.backup(tmp_path / "backup", TODAY)
    manifest = tmp_path / "backup" / MANIFEST
    told = json.loads(manifest.read_text())
    told["artifacts"][0]["name"] = "../../secret"
    manifest.write_text(json.dumps(told))
    with pytest.raises(BackupRefused):
        empty.restore(tmp_path / "backup")


def spoken(place: Vault, *words: str) -> "subprocess.CompletedProcess[str]":
    """`python -m core`, told where by the environment."""
    url = place.engine.url.render_as_string(hide_password=False)
    environment = {**os.environ, "DATABASE_URL": url, "ARTIFACT_URL": place.store.url.removeprefix("file://")}
    command = [sys.executable, "-m", "core", *words]
    return subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_what_the_store_had_lost_already_is_told(vault: Vault, tmp_path: Path) -> None:
    """A backup is taken all the same, lists it, and does not end as if all were well."""
    with vault.engine.connect() as connection:
        unreviewed = "select frame_uri from inspection where frame_uri not in (select frame_uri from review) limit 1"
        uri = str(connection.scalar(text(unreviewed)))
    vault.store.delete(uri)
    done = spoken(vault, "backup", str(tmp_path / "backup"))
    assert (done.returncode, uri in done.stdout) == (1, True), done.stderr
    assert read_manifest(tmp_path / "backup").missing == (uri,)


def test_a_backup_without_its_store_is_refused(vault: Vault, tmp_path: Path) -> None:
    """Nothing is mounted where the artifacts lie, so that not even the bundle that judges is there."""
    folder = Path(vault.store.url.removeprefix("file://"))
    folder.rename(tmp_path / "elsewhere")
    folder.mkdir()
    done = spoken(vault, "backup", str(tmp_path / "backup"))
    assert done.returncode == 1
    assert "mount the store" in done.stderr
    with pytest.raises(BackupRefused):
        read_manifest(tmp_path / "backup")


def test_migrating_makes_the_store_of_a_new_line_only(vault: Vault, empty: Vault) -> None:
    """A line with a model has kept its bundle: where its folder is missing, it is not mounted."""
    there = []
    for place in (vault, empty):
        folder = Path(place.store.url.removeprefix("file://"))
        shutil.rmtree(folder)
        assert spoken(place, "migrate").returncode == 0
        there.append(folder.exists())
    assert there == [False, True]


@pytest.mark.parametrize("table", NEEDED)
def test_a_backup_that_lacks_what_is_needed_is_refused_unless_it_is_asked_for(
    vault: Vault, tmp_path: Path, table: str
) -> None:
    """A bundle, or the picture of a review or a golden part: only where they are known to be lost for good."""
    column = dict(NAMING)[table]
    with vault.engine.connect() as connection:
        uri = str(connection.scalar(text(f"select {column} from {table} where {column} <> '' limit 1")))
    vault.store.delete(uri)
    with pytest.raises(BackupRefused, match="--despite-loss"):
        vault.backup(tmp_path / "backup", TODAY)
    assert vault.backup(tmp_path / "another", TODAY, despite_loss=True).missing == (uri,)


def test_retention_waits_while_a_backup_runs(vault: Vault, tmp_path: Path) -> None:
    """And the other way round: what is named must still be there to be copied."""
    with alone(vault.engine), pytest.raises(HousekeepingRuns):
        vault.backup(tmp_path / "backup", TODAY)


def test_a_backup_of_the_schema_before_is_restored_and_upgraded(vault: Vault, empty: Vault, tmp_path: Path) -> None:
    """`restore`, then `migrate`: what both schemas know is as it was."""
    vault.backup(tmp_path / "backup", TODAY)
    empty.restore(tmp_path / "backup")
    downgrade(empty.engine, "0007")
    before = columns(empty.engine)
    upgrade(empty.engine)
    assert changed(before, columns(empty.engine)) == []


def test_an_upgrade_from_the_schema_before_keeps_every_row(vault: Vault) -> None:
    """Filled at 0007, brought to the newest: each column of then holds what it held."""
    downgrade(vault.engine, "0007")
    before = columns(vault.engine)
    assert int(before["inspection.sequence"].split()[0]) == FRAMES
    upgrade(vault.engine)
    assert changed(before, columns(vault.engine)) == []
    assert sum(run.judged for run in PostgresLedger(vault.engine).run_counts()) == FRAMES


RENAMED_SINCE = {"night_slot.night"}
"""Columns of 0007 that have another name since."""


def columns(engine: Engine) -> dict[str, str]:
    """How many values each column of each table holds, and their hash, whatever their order."""
    query = text(
        "select table_name, column_name from information_schema.columns where table_schema = 'public'"
        " and table_name not in ('alembic_version', 'live_tile') and table_name !~ '_[0-9]{8}$'"
    )
    found: dict[str, str] = {}
    with engine.connect() as connection:
        for table, column in connection.execute(query).all():
            values = (
                f'select count(*), md5(string_agg("{column}"::text, chr(10) order by "{column}"::text)) from {table}'
            )
            found[f"{table}.{column}"] = " ".join(map(str, connection.execute(text(values)).one()))
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What an upgrade did to the values that were there."""
    kept = {name: value for name, value in before.items() if name not in RENAMED_SINCE}
    return differences(kept, {name: value for name, value in after.items() if name in kept})


@pytest.mark.slow
def test_a_line_that_was_destroyed_comes_back() -> None:
    """`python -m line.backup_drill`: backed up, its server and folder removed, restored, compared."""
    servers.postgres()  # or skipped where there is none
    words = [sys.executable, "-m", "line.backup_drill", "--frames", "30"]
    done = subprocess.run(words, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing lost, nothing added, nothing changed" in done.stdout


def test_the_commands_back_up_and_restore(vault: Vault, empty: Vault, tmp_path: Path) -> None:
    """`python -m core backup FOLDER`, then `restore FOLDER`, each told where by the environment."""
    for verb, place in (("backup", vault), ("restore", empty)):
        done = spoken(place, verb, str(tmp_path / "backup"))
        assert done.returncode == 0, done.stderr
    assert "python -m core migrate" in done.stdout


def test_a_missing_program_is_named_with_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that whoever installs it installs the right one."""
    with pytest.raises(ProgramMissing, match="pg_dump 99 or newer"):
        postgres_programs.find("pg_dump", 99)


def test_every_artifact_that_a_row_names_belongs_to_a_backup() -> None:
    """What retention knows, a backup knows."""
    assert {f"{table}.{column}" for table, column in NAMING} == {
        *(str(column) for column in (*FOR_EVER, *AGING)),
        "model_version.bundle_uri",
    }


def every_table() -> list[Table]:
    for path in Path(adapters.__path__[0]).glob("schema_*.py"):
        import_module(f"core.adapters.{path.stem}")
    return list(metadata.sorted_tables)


def test_every_column_that_names_the_store_is_renamed() -> None:
    """A restore into another store would leave it pointing at the old one."""
    columns = {str(column) for table in every_table() for column in table.c if column.name.endswith("uri")}
    assert columns == {f"{table}.{column}" for table, column in RENAMED}


NAMES_NONE = {
    "audit.new",  # what was once said, of the store of then: the rows it is about name the artifacts
    "audit.old",
    "optics_baseline.baseline",
    "part_decision.cameras",
    "part_decision.late",
    "part_decision.missing",
    "part_decision.views",
    "product.recipe",
    "training_run.after",
    "training_run.before",
    "training_run.doubts",
    "training_run.reasons",
    "training_run.verdict",
}


def test_every_json_column_says_whether_it_names_artifacts() -> None:
    """A new one belongs to the backup's or to those above; no search by a column's name sees into it."""
    columns = (column for table in every_table() for column in table.c if isinstance(column.type, JSON))
    assert {str(column) for column in columns} == NAMES_NONE | set(INSIDE_JSON)


HELD = st.builds(Held.of, st.text(min_size=1), st.binary())


@given(st.builds(
    Manifest, st.just(TODAY) | st.just(TODAY + timedelta(days=1)), st.text(), st.text(), HELD,
    st.lists(HELD).map(tuple), st.lists(st.text()).map(tuple),
))  # fmt: skip
def test_a_manifest_is_read_as_it_was_written(manifest: Manifest) -> None:
    """Whatever names it holds."""
    assert Manifest.from_json(manifest.to_json()) == manifest


@pytest.mark.parametrize("words", ["", "{}", "[]", '{"format": 2}', '{"format": 1}', "null"])
def test_a_manifest_of_another_kind_is_refused(words: str) -> None:
    """Not half read."""
    with pytest.raises(BackupRefused):
        Manifest.from_json(words)


def test_a_bundle_is_backed_up_with_its_weights() -> None:
    """The row names the letter alone; what lies in other stores is told."""
    uris = ["file:///a/bundles/x/bundle.json", "file:///a/frames/1.png", "s3://b/frames/2.png", ""]
    assert names_in_store(uris, "file:///a") == (
        ["bundles/x/bundle.json", "bundles/x/weights.safetensors", "frames/1.png"],
        ["s3://b/frames/2.png"],
    )


def test_content_that_changed_is_refused() -> None:
    """By size and by hash."""
    held = Held("x", sha256_of(b"abc"), 3)
    held.check(b"abc")
    for other in (b"abd", b"ab"):
        with pytest.raises(BackupRefused):
            held.check(other)
