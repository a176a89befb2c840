"""Backs up what the line remembers, and brings it back: the database, and every artifact that a row names.

The line may run during a backup. One transaction's view is dumped and read for the names of artifacts, and retention
waits meanwhile, so that what is named is still there to be copied.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from core.adapters import postgres_programs
from core.adapters.artifacts import FsspecArtifacts, check_name
from core.adapters.database import translated
from core.adapters.learned_pictures import backed_up
from core.adapters.migrate import known_revisions
from core.adapters.retain import alone
from core.backup import ARTIFACTS, DUMP, MANIFEST, Held, Manifest, names_in_store
from core.errors import ArtifactMissing, BackupRefused

NAMING = (
    ("inspection", "frame_uri"),
    ("inspection", "maps_uri"),
    ("quarantine", "evidence_uri"),
    ("review", "frame_uri"),
    ("golden_part", "frame_uri"),
    ("model_version", "bundle_uri"),
)
"""Every column whose artifacts belong to a backup."""

INSIDE_JSON = ("data_snapshot.parts", "request.details")
"""Every JSON column that names artifacts; learned_pictures.py says which of them belong to a backup."""

NEEDED = ("review", "golden_part", "model_version")
"""What these name never ages: where the store lacks it, it is not mounted, or the line has lost what it lives on."""

RENAMED = (*NAMING, ("disagreement", "frame_uri"), ("discarded_artifact", "uri"))
"""Every column that names the store: these two name what the others do, or what is about to go."""

CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Vault:
    """The two places that a backup joins."""

    engine: Engine
    store: FsspecArtifacts

    def backup(self, folder: Path, at: datetime, despite_loss: bool = False) -> Manifest:
        """Write a backup into the folder, which may not hold one already; the manifest last, once all is on the disk.

        Raises:
            BackupRefused: The folder is not empty, pg_dump failed, or, unless `despite_loss`, the store lacks a bundle
                or the picture of a review or a golden part. What was written is no backup.
            HousekeepingRuns: Retention or another backup runs.
            LedgerUnavailable, ArtifactsUnavailable: One of the two went away; what was written is no backup.
        """
        if folder.exists() and any(folder.iterdir()):
            raise BackupRefused(f"{folder} is not empty")
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)  # cameras' sources are in the dump, passwords and all
        (folder / ARTIFACTS).mkdir(exist_ok=True)
        with alone(self.engine), _snapshot(self.engine) as connection:
            snapshot = connection.scalar(text("select pg_export_snapshot()"))
            words = ("--format=custom", f"--snapshot={snapshot}", f"--file={folder / DUMP}", "--lock-wait-timeout=30s")
            postgres_programs.run(self.engine, "pg_dump", *words)
            revision = str(connection.scalar(text("select version_num from alembic_version")))
            named = {*_named(connection, NAMING), *connection.scalars(backed_up())}
            names, outside = names_in_store(named, self.store.url)
            held, missing = self._copy(folder / ARTIFACTS, names)
            lost = (*outside, *missing)
            if not despite_loss:
                self._check_needed(_named(connection, [each for each in NAMING if each[0] in NEEDED]), lost)
        manifest = Manifest(at, revision, self.store.url, _held(folder / DUMP), tuple(held), lost)
        _write(folder / MANIFEST, manifest.to_json().encode())
        return manifest

    def restore(self, folder: Path) -> Manifest:
        """Bring a backup into an empty database and into the store; artifacts first, so that no row names nothing.

        Everything is checked before anything is changed. Killed, it is begun again with an empty database.

        Raises:
            BackupRefused: The backup is not whole, was taken by a later version, or the database is not empty.
            LedgerUnavailable, ArtifactsUnavailable: One of the two went away.
        """
        manifest = read_manifest(folder)
        check_whole(folder, manifest)
        if manifest.revision not in known_revisions():
            raise BackupRefused(f"its schema {manifest.revision} is of a later version of this project")
        with alone(self.engine):
            _require_empty(self.engine)
            self.store.make()  # a line without a table has kept nothing yet
            for held in manifest.artifacts:
                self.store.put(held.name, (folder / ARTIFACTS / held.name).read_bytes())
            words = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-acl", str(folder / DUMP))
            postgres_programs.run(self.engine, "pg_restore", *words)
            _rename_store(self.engine, manifest.store, self.store.url)
        return manifest

    def _check_needed(self, needed: Iterable[str], lost: Iterable[str]) -> None:
        """Raise BackupRefused where something is lost that a line cannot do without."""
        names, outside = names_in_store(needed, self.store.url)
        if gone := sorted({*outside, *(f"{self.store.url}/{name}" for name in names)} & set(lost)):
            raise BackupRefused(
                f"{len(gone)} bundles or pictures of reviews and golden parts are not in {self.store.url}, the first is"
                f" {gone[0]}: mount the store or correct ARTIFACT_URL; where they are lost for good, bring them back"
                " from an earlier backup or add --despite-loss"
            )

    def _copy(self, target: Path, names: Iterable[str]) -> tuple[list[Held], list[str]]:
        held, missing = [], []
        for name in names:
            try:
                content = self.store.get(f"{self.store.url}/{name}")
            except ArtifactMissing:
                missing.append(f"{self.store.url}/{name}")
                continue
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            _write(target / name, content)
            held.append(Held.of(name, content))
        return held, missing


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the backup in this folder.

    Raises:
        BackupRefused: There is none, or it is not one of ours.
    """
    try:
        return Manifest.from_json((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BackupRefused(f"{folder} holds no manifest, so that its backup was never finished") from error


def check_whole(folder: Path, manifest: Manifest) -> None:
    """Raise BackupRefused where a file is missing or is not what the manifest says."""
    try:
        found = _held(folder / DUMP)
        if found != manifest.database:
            raise BackupRefused(f"{DUMP} is not what the manifest says: {found.size} bytes of {manifest.database.size}")
        for held in manifest.artifacts:
            check_name(held.name)
            held.check((folder / ARTIFACTS / held.name).read_bytes())
    except (OSError, ValueError) as error:
        raise BackupRefused(str(error)) from error


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """One view of the database, for as long as a dump takes."""
    with translated(), engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("set local idle_in_transaction_session_timeout = 0"))
        connection.execute(text("set local statement_timeout = 0"))
        yield connection


def _named(connection: Connection, columns: Iterable[tuple[str, str]]) -> set[str]:
    queries = [f"select {column} from {table} where {column} <> ''" for table, column in columns]  # noqa: S608
    return {uri for query in queries for uri in connection.scalars(text(query))}


def _require_empty(engine: Engine) -> None:
    query = text("select count(*) from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace")
    with translated(), engine.connect() as connection:
        tables = int(connection.scalar(query) or 0)
    if tables:
        raise BackupRefused(f"the database holds {tables} tables already: make an empty one and name it DATABASE_URL")


def _rename_store(engine: Engine, old: str, new: str) -> None:
    """Rows name artifacts by URL: where the store has moved, they name its new place."""
    if old == new:
        return
    with translated(), engine.begin() as connection:
        connection.execute(text("set local statement_timeout = 0"))
        for table, column in RENAMED:
            if connection.scalar(text("select to_regclass(:table)"), {"table": table}) is None:
                continue  # of an earlier schema; the upgrade makes it, empty
            statement = (
                f"update {table} set {column} = :new || substr({column}, :length)"  # noqa: S608
                f" where starts_with({column}, :old || '/')"
            )
            connection.execute(text(statement), {"new": new, "old": old, "length": len(old) + 1})
        for table in ("data_snapshot", "request"):
            if connection.scalar(text("select to_regclass(:table)"), {"table": table}) is not None:
                _rename_in_json(connection, table, {"new": new, "old": old, "length": len(old) + 1})


_MOVED = {
    "data_snapshot": (
        "update data_snapshot set parts = (select coalesce(jsonb_agg("
        "case when starts_with(part->>'frame_uri', :old || '/')"
        " then jsonb_set(part, '{frame_uri}', to_jsonb(:new || substr(part->>'frame_uri', :length))) else part end"
        " order by place), '[]') from jsonb_array_elements(parts) with ordinality as listed(part, place))"
    ),
    "request": (
        "update request set details = jsonb_set(details, '{images}', (select coalesce(jsonb_agg("
        "case when starts_with(uri, :old || '/') then :new || substr(uri, :length) else uri end"
        " order by place), '[]') from jsonb_array_elements_text(details->'images')"
        " with ordinality as listed(uri, place)))"
        " where jsonb_typeof(details->'images') = 'array'"
    ),
}


def _rename_in_json(connection: Connection, table: str, places: Mapping[str, str | int]) -> None:
    """The line never changes a snapshot, and a trigger holds that; a restore moves it as a whole."""
    connection.execute(text(f"alter table {table} disable trigger user"))
    connection.execute(text(_MOVED[table]), places)
    connection.execute(text(f"alter table {table} enable trigger user"))


def _held(path: Path) -> Held:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Held(path.name, digest.hexdigest(), size)


def _write(path: Path, content: Any) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
