"""`python -m line.backup_drill --frames 500`: backs a line up, destroys it, restores it, compares every row and file.

It starts a Postgres of its own in a temporary folder and touches nothing else.
"""

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree

import structlog
from sqlalchemy import Connection, Engine, text

from core.adapters.artifacts import FsspecArtifacts
from core.adapters.backup import Vault
from core.adapters.database import open_engine
from core.adapters.days import prepare_days
from core.adapters.embedded import embedded_url, stop
from core.adapters.ledger import PostgresLedger
from core.adapters.migrate import upgrade
from core.backup import BUNDLE_FILES, differences
from core.errors import LineError
from core.frame import FrameHeader, FrameId, sha256_of
from core.inspection import Arrival, Batch, Evidence, Inspection, Judge, Position, Progress, StoredMap
from core.product import BundleRef, Product, Recipe
from core.review import Judgement, Opinion, PartKey
from core.verdict import Threshold, judge

TOPIC = "drill"
START = "0123456789ab"
LIMITS = Threshold(0.4, 0.8)
WHO = "backup drill"


def fingerprints(engine: Engine, store: FsspecArtifacts) -> dict[str, str]:
    """A hash of every table's rows, whatever their order, and of every file in the store."""
    found: dict[str, str] = {}
    with engine.connect() as connection:
        connection.execute(text("set statement_timeout = 0"))
        for table in _tables(connection):
            query = f'select count(*), md5(string_agg(r::text, chr(10) order by r::text)) from "{table}" r'  # noqa: S608
            found[f"table {table}"] = " ".join(map(str, connection.execute(text(query)).one()))
    root = Path(store.url.removeprefix("file://"))
    for path in root.rglob("*"):
        if path.is_file():
            found[f"file {path.relative_to(root)}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _tables(connection: Connection) -> list[str]:
    query = text(
        "select relname from pg_class where relkind in ('r', 'p') and not relispartition and relpersistence = 'p'"
        " and relnamespace = 'public'::regnamespace order by 1"
    )
    return list(connection.scalars(query))


def fill(ledger: PostgresLedger, store: FsspecArtifacts, frames: int, now: datetime) -> None:
    """A product with its model, so many inspected parts over a week with pictures, and reviews of some."""
    place = f"bundles/nut/{'0' * 8}"
    uri, _ = (store.put(f"{place}/{name}", name.encode()) for name in BUNDLE_FILES)
    ledger.save_product(Product("nut", Recipe()), now, WHO, "drill")
    version = ledger.register("nut", BundleRef(uri, sha256_of(b"drill")), LIMITS, now, WHO)
    ledger.promote(version.id, now, WHO, "drill")
    for number in range(frames):
        inspected = _inspected(number, store, now - timedelta(days=number % 7))
        ledger.record(Batch((inspected,), (Progress(TOPIC, 0, number, number + 1),)))
        if number % 10 == 0:
            part = PartKey(inspected.frame.captured_at, inspected.frame.id)
            ledger.settle(part, Opinion(Judgement.DEFECT, "dent", b"", "drill"), 0, now, WHO)


def _inspected(number: int, store: FsspecArtifacts, captured_at: datetime) -> Inspection:
    content = f"picture {number}".encode()
    header = FrameHeader(
        FrameId("camera-1", START, number),
        captured_at,
        "nut",
        f"part {number}",
        "lot",
        sha256_of(content),
        len(content),
    )
    name = f"{captured_at:%Y-%m-%d}/camera-1/{number:09d}"
    evidence = Evidence(store.put(f"frames/{name}.png", content), store.put(f"maps/{name}.npz", content[::-1]))
    return Inspection(
        header,
        Arrival(Position(TOPIC, 0, number), captured_at),
        judge(number % 10 / 10, LIMITS),
        Judge(1, 1, LIMITS, "drill"),
        StoredMap(content, 0.0, 1.0),
        evidence,
        captured_at,
    )


def drill(home: Path, frames: int) -> list[str]:
    """In how many ways the restored line differs from the one that was destroyed; empty where it is the same."""
    now = datetime.now(UTC)
    vault = _opened(home / "line")
    upgrade(vault.engine)
    prepare_days(vault.engine, now.date())
    fill(PostgresLedger(vault.engine, tells=True), vault.store, frames, now)
    before = fingerprints(vault.engine, vault.store)
    _timed("backup", lambda: vault.backup(home / "backup", now))
    vault.engine.dispose()
    stop(home / "line", "immediate")
    rmtree(home / "line")
    vault = _opened(home / "line")
    _timed("restore", lambda: vault.restore(home / "backup"))
    after = fingerprints(vault.engine, vault.store)
    vault.engine.dispose()
    _report(before)
    return differences(before, after)


def _opened(home: Path) -> Vault:
    home.mkdir(parents=True)
    home.chmod(0o755)  # the server runs as a user of its own where we are root
    store = FsspecArtifacts(str(home / "artifacts"))
    store.make()
    return Vault(open_engine(embedded_url(home)), store)


def _timed(name: str, step: Callable[[], object]) -> None:
    begun = time.monotonic()
    step()
    print(f"{name:<8} {time.monotonic() - begun:6.1f} s")


def _report(before: Mapping[str, str]) -> None:
    tables = [name for name in before if name.startswith("table")]
    rows = sum(int(before[name].split()[0]) for name in tables)
    print(f"compared {len(tables)} tables with {rows} rows, {len(before) - len(tables)} files")


def main() -> int:
    """0 only if what was restored is what was destroyed."""
    parser = argparse.ArgumentParser(prog="python -m line.backup_drill", description=__doc__)
    parser.add_argument("--frames", type=int, default=500)
    frames = parser.parse_args().frames
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    with tempfile.TemporaryDirectory(prefix="backup-drill-") as name:
        home = Path(name)
        home.chmod(0o755)
        try:
            found = drill(home, frames)
        except LineError as error:
            found = [str(error)]
        finally:
            stop(home / "line", "immediate")
    for difference in found:
        print(f"NOT KEPT: {difference}")
    print("nothing lost, nothing added, nothing changed" if not found else f"{len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
