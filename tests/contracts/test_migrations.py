"""The migrations make the schema, the days are opened ahead of time."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from threading import Barrier, Event

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, inspect, text

from core import adapters
from core.adapters.database import open_engine
from core.adapters.days import open_days, prepare_days
from core.adapters.ledger import PostgresLedger
from core.adapters.migrate import downgrade, is_ours, upgrade
from core.errors import LedgerUnavailable
from core.inspection import OpenDays
from tests import servers
from tests.contracts.ledgers import TODAY, batch, frame, inspected

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
DAY = TODAY.date()
(metadata,) = {
    import_module(f"core.adapters.{path.stem}").metadata for path in Path(adapters.__path__[0]).glob("schema*.py")
}


@pytest.fixture
def engine() -> Iterator[Engine]:
    """On an empty database."""
    empty = open_engine(servers.postgres())
    yield empty
    empty.dispose()


def differences(engine: Engine) -> list[object]:
    options = {"include_object": is_ours, "compare_type": True, "compare_server_default": True}
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def test_the_migrations_end_where_the_schema_says(engine: Engine) -> None:
    """Nothing is pending, also once there are days."""
    upgrade(engine)
    assert differences(engine) == []
    prepare_days(engine, DAY)
    assert differences(engine) == []


def test_the_schema_names_every_constraint_as_the_migrations_do(engine: Engine) -> None:
    """Checks too, which the comparison above does not look at."""
    upgrade(engine)
    found = inspect(engine)
    for table in metadata.sorted_tables:
        wanted = {str(check.name) for check in table.constraints if isinstance(check, CheckConstraint)}
        assert {check["name"] for check in found.get_check_constraints(table.name)} == wanted
        assert found.get_pk_constraint(table.name)["name"] == f"pk_{table.name}"


def test_every_step_can_be_taken_back_and_again(engine: Engine) -> None:
    """Down to nothing, even with days open, and up again."""
    upgrade(engine)
    prepare_days(engine, DAY)
    downgrade(engine, "0001")
    downgrade(engine, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    upgrade(engine)
    assert differences(engine) == []


def test_runs_of_an_earlier_version_are_taken_over_as_they_ended(engine: Engine) -> None:
    """The bus took what they captured, and their dropped frames are counted in the rows."""
    upgrade(engine, "0002")
    prepare_days(engine, DAY, 0, 0)
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into camera_run (camera, start_id, product, captured, dropped, reported_at, judged, ok, error)"
                " values ('line1-top', '0123456789ab', 'nut', 5, 1, '2026-11-24', 4, 3, 1)"
            )
        )
        connection.execute(
            text(
                "insert into inspection (captured_at, camera, start_id, sequence, product, part_id, lot, sha256,"
                ' decision, reason, detail, engine, topic, partition, "offset", arrived_at, judged_at, frame_uri,'
                " maps_uri) values ('2026-11-24', 'line1-top', '0123456789ab', 0, 'nut', '', '', '', 'ERROR',"
                " 'dropped', '', '', 'frames', 0, 0, '2026-11-24', '2026-11-24', '', '')"
            )
        )
    upgrade(engine)
    (run,) = PostgresLedger(engine).run_counts()
    assert (run.captured, run.acknowledged, run.judged, run.judged_dropped) == (5, 5, 4, 1)
    assert not run.ended


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    """So that whoever starts the line may always do it."""
    upgrade(engine)
    upgrade(engine)
    assert differences(engine) == []


def test_several_may_migrate_at_once(engine: Engine) -> None:
    """One does it, the others wait and find it done."""
    start = Barrier(3)

    def one(_: int) -> None:
        start.wait(10)
        upgrade(engine)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, range(3)))
    assert differences(engine) == []


def test_pictures_and_maps_are_stored_uncompressed_and_the_board_unlogged(engine: Engine) -> None:
    """Which no comparison of schemas would notice. Partitions inherit it."""
    upgrade(engine)
    prepare_days(engine, DAY, 0, 0)
    columns = text(
        "select relname || '.' || attname from pg_attribute join pg_class on pg_class.oid = attrelid"
        " where attstorage = 'e' and relkind in ('r', 'p')"
    )
    with engine.connect() as connection:
        external = set(connection.scalars(columns))
        unlogged = list(connection.scalars(text("select relname from pg_class where relpersistence = 'u'")))
    assert external >= {"score_map.png", "score_map_20261124.png", "bus_record.value", "live_tile.thumbnail"}
    assert "live_tile" in unlogged


def test_days_are_opened_around_today(engine: Engine) -> None:
    """A week back for what waits on the bus, two weeks ahead for whoever is away."""
    upgrade(engine)
    assert len(prepare_days(engine, DAY)) == 22
    assert open_days(engine) == OpenDays(date(2026, 11, 17), date(2026, 12, 8))


def test_opening_days_again_opens_only_those_that_are_missing(engine: Engine) -> None:
    """The next day needs one more."""
    upgrade(engine)
    prepare_days(engine, DAY)
    assert prepare_days(engine, DAY) == []
    assert prepare_days(engine, DAY + timedelta(days=1)) == [DAY + timedelta(days=15)]


def test_several_may_open_days_at_once(engine: Engine) -> None:
    """Each day is opened by one of them."""
    upgrade(engine)
    start = Barrier(4)

    def one(_: int) -> list[date]:
        start.wait(10)
        return prepare_days(engine, DAY)

    with ThreadPoolExecutor(4) as pool:
        opened = [day for days in pool.map(one, range(4)) for day in days]
    assert sorted(opened) == [DAY + timedelta(days=number) for number in range(-7, 15)]


def test_a_half_made_day_is_not_open(engine: Engine) -> None:
    """A frame needs a place for its row and for its map."""
    upgrade(engine)
    prepare_days(engine, DAY, 0, 1)
    with engine.begin() as connection:
        connection.execute(text("drop table score_map_20261125"))
    assert open_days(engine) == OpenDays(DAY, DAY)


def test_of_days_with_a_gap_the_newest_are_open(engine: Engine) -> None:
    """The line stood still for a month: what is older than the gap is history."""
    upgrade(engine)
    prepare_days(engine, DAY - timedelta(days=60))
    prepare_days(engine, DAY, 2, 2)
    assert open_days(engine) == OpenDays(DAY - timedelta(days=2), DAY + timedelta(days=2))


def test_days_that_a_wrong_clock_opened_do_not_close_the_present_ones(engine: Engine) -> None:
    """A worker whose clock was two months ahead made them; everybody else goes on."""
    upgrade(engine)
    today = datetime.now(UTC).date()
    prepare_days(engine, today, 2, 2)
    prepare_days(engine, today + timedelta(days=60))
    assert open_days(engine) == OpenDays(today - timedelta(days=2), today + timedelta(days=2))


def test_without_any_day_the_remedy_is_named(engine: Engine) -> None:
    """A station then waits, and goes on once somebody has migrated."""
    upgrade(engine)
    with pytest.raises(LedgerUnavailable, match="python -m core migrate"):
        open_days(engine)


def test_a_table_of_another_version_is_an_outage_that_names_the_remedy(engine: Engine) -> None:
    """No frame is to blame for it: the worker waits, and ends as for a server that is away."""
    upgrade(engine)
    prepare_days(engine, DAY, 0, 0)
    with engine.begin() as connection:
        connection.execute(text("alter table inspection rename column score to points"))
    with pytest.raises(LedgerUnavailable, match="python -m core migrate"):
        PostgresLedger(engine).record(batch(inspected(frame(1))))


def test_a_day_runs_from_midnight_to_midnight_in_utc(engine: Engine) -> None:
    """Its first and its last microsecond belong to it."""
    upgrade(engine)
    prepare_days(engine, DAY, 0, 0)
    ledger = PostgresLedger(engine)
    first = TODAY.replace(hour=0, minute=0, second=0, microsecond=0)
    last = first + timedelta(days=1, microseconds=-1)
    frames = [inspected(frame(number, captured_at=moment)) for number, moment in enumerate((first, last))]
    assert ledger.record(batch(*frames)).new == 2
    assert first in ledger.open_days()
    assert last in ledger.open_days()


def test_days_are_opened_while_the_line_records(engine: Engine) -> None:
    """Neither waits for the other, nor ends in a deadlock."""
    upgrade(engine)
    prepare_days(engine, DAY, 0, 0)
    ledger, done = PostgresLedger(engine), Event()

    def record_until_done() -> int:
        number = 0
        while not done.is_set():
            ledger.record(batch(inspected(frame(number)), first=number))
            number += 1
        return number

    with ThreadPoolExecutor(1) as pool:
        recording = pool.submit(record_until_done)
        opened = prepare_days(engine, DAY, 20, 20)
        done.set()
        assert recording.result(30) > 0
    assert len(opened) == 40


def test_one_command_makes_an_empty_database_ready(engine: Engine) -> None:
    """Tables and days; saying it again is safe."""
    url = engine.url.render_as_string(hide_password=False)
    environment = {"DATABASE_URL": url.replace("+psycopg2", "")}
    for _ in range(2):
        command = [sys.executable, "-m", "core", "migrate"]
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert differences(engine) == []
    assert datetime.now(UTC) in open_days(engine)
