"""What is older than the settings keep it goes, what people said stays with its picture, and a kill costs nothing."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select, text

from core.adapters import expired_days, expired_rows, schema, wiring
from core.adapters.artifacts import FsspecArtifacts
from core.adapters.database import open_engine
from core.adapters.days import prepare_days
from core.adapters.in_memory import MemoryArtifacts
from core.adapters.ledger import PostgresLedger
from core.adapters.postgres_bus import PostgresFramePublisher
from core.adapters.retain import HOUSEKEEPING_LOCK, Retention, alone
from core.errors import ClocksDiffer, HousekeepingRuns, NotTheOwner
from core.frame import ClaimedFrame, FrameHeader
from core.inspection import Arrival, Batch, CameraRun, Evidence, Inspection, Position, Progress
from core.retention import horizons
from core.review import GoldenPart, Judgement, Opinion, PartKey
from core.settings import LineSettings, RetentionSettings
from core.verdict import Decision
from core.wire import to_record
from tests import servers
from tests.contracts.ledgers import TODAY, TOPIC, batch, failed, frame, fresh_postgres_ledger, inspected

ROOT = Path(__file__).parents[2]
KEEP = RetentionSettings(
    inspections_days=40, maps_days=30, full_maps_days=20, ok_frames_days=20, review_frames_days=40, ng_frames_days=40,
    error_frames_days=40, quarantine_days=35, claims_days=7, outbox_days=7, minutes_days=30, camera_runs_days=60,
)  # fmt: skip
AGES = (1, 10, 25, 33, 50)
"""Days before today of which there are parts."""


def is_gone(store: FsspecArtifacts, uri: str) -> bool:
    return not Path(uri.removeprefix("file://")).exists()


@dataclass
class Kept:
    """A line with parts of five days: on each an OK, a REVIEW and an NG one with picture and maps, and a broken one."""

    ledger: PostgresLedger
    store: FsspecArtifacts

    def part(self, age: int, decision: Decision) -> FrameHeader:
        number = list(Decision).index(decision) + 10 * AGES.index(age)
        return frame(number, captured_at=TODAY - timedelta(days=age))

    def name(self, folder: str, header: FrameHeader) -> str:
        return f"{folder}/{header.captured_at:%Y-%m-%d}/{header.id.camera}/{header.id.sequence}.bin"

    def fill(self) -> None:
        offset = 0
        for age in AGES:
            prepare_days(self.ledger.engine, TODAY.date() - timedelta(days=age), 0, 0)
            for decision in (Decision.OK, Decision.REVIEW, Decision.NG):
                header = self.part(age, decision)
                evidence = Evidence(*(self.store.put(self.name(kind, header), b"x") for kind in ("frames", "maps")))
                made: Inspection = replace(inspected(header, decision), evidence=evidence)
                at = Arrival(Position(TOPIC, 0, offset), header.captured_at)
                self.ledger.record(batch(replace(made, arrival=at), first=offset))
                offset += 1
            header = self.part(age, Decision.ERROR)
            held = Evidence(self.store.put(self.name("quarantine", header), b"x"), "")
            broken = replace(failed(header), evidence=held, judged_at=header.captured_at)
            self.ledger.record(batch(broken, first=offset))
            offset += 1

    def retention(self, **changed: object) -> Retention:
        made = Retention(self.ledger.engine, self.store, horizons(KEEP, TODAY.date()), TODAY, lambda _: None)
        return replace(made, **changed)  # type: ignore[arg-type]

    def files(self) -> dict[str, set[int]]:
        """By folder, the ages of what the store holds."""
        root = Path(self.store._root)
        return {
            folder: {(TODAY.date() - date.fromisoformat(path.parts[1])).days for path in paths}
            for folder in ("frames", "maps", "quarantine")
            if (paths := [each.relative_to(root) for each in (root / folder).rglob("*") if each.is_file()])
        }

    def state(self) -> tuple[object, ...]:
        """All that retention could change."""
        with self.ledger.engine.connect() as connection:
            rows = [
                connection.execute(text(f"select captured_at, sequence, {column} from {table} order by 1, 2")).all()
                for table, column in (
                    ("inspection", "frame_uri || maps_uri"),
                    ("score_map", "low"),
                    ("quarantine", "evidence_uri"),
                )
            ]
            listed = connection.scalar(text("select count(*) from discarded_artifact"))
        stored = sorted(str(path) for path in Path(self.store._root).rglob("*") if path.is_file())
        return (*map(tuple, rows), listed, tuple(stored))


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    ledger = fresh_postgres_ledger(TODAY.date(), back=1, ahead=1)
    made = Kept(ledger, FsspecArtifacts(str(tmp_path / "artifacts")))
    made.store.make()
    made.fill()
    yield made
    ledger.close()


def days_of(engine: Engine, table: str) -> set[int]:
    found = expired_days.expired_days(engine, table, TODAY.date() + timedelta(days=1))
    return {(TODAY.date() - each.day).days for each in found}


def test_each_kind_goes_at_its_own_age(kept: Kept) -> None:
    """Rows after 40 days, small maps after 30, full maps and OK pictures after 20, quarantine after 35."""
    told = {each.what: each.count for each in kept.retention().run()}
    assert days_of(kept.ledger.engine, "inspection") == {0, 1, 10, 25, 33}
    assert days_of(kept.ledger.engine, "score_map") == {0, 1, 10, 25}
    assert kept.files() == {"frames": {1, 10, 25, 33}, "maps": {1, 10}, "quarantine": {1, 10, 25, 33}}
    assert (told["pictures of OK"], told["full maps"], told["quarantined records"]) == (3, 9, 1)
    assert (told["days of inspection"], told["days of score_map"]) == (1, 2)


def test_no_row_names_what_is_gone(kept: Kept) -> None:
    """So that a page says "not kept" and retraining does not look for it; and no file is left without a row."""
    kept.retention().run()
    with kept.ledger.engine.connect() as connection:
        frames = set(connection.scalars(text("select frame_uri from inspection where frame_uri <> ''")))
        maps = set(connection.scalars(text("select maps_uri from inspection where maps_uri <> ''")))
        assert connection.scalar(text("select count(*) from discarded_artifact")) == 0
    stored = {f"file://{path}" for path in Path(kept.store._root).rglob("*") if path.is_file()}
    assert stored == frames | maps


def test_what_people_said_keeps_its_picture_for_ever(kept: Kept) -> None:
    """A reviewed part's and a golden part's, though their inspections are dropped."""
    header = kept.part(50, Decision.OK)
    said = kept.ledger.add_review(PartKey(header.captured_at, header.id), Opinion(Judgement.GOOD), 0, TODAY, "anna")
    golden = kept.store.put(kept.name("frames", kept.part(50, Decision.NG)), b"golden")
    kept.ledger.add_golden(GoldenPart(0, "nut", "0" * 64, golden, True, "dent", b"", TODAY, "anna", "missed"))
    kept.retention().run()
    assert 50 not in days_of(kept.ledger.engine, "inspection")
    assert kept.store.get(said.frame_uri) == b"x"
    assert kept.store.get(golden) == b"golden"
    assert kept.ledger.reviews_of(said.part) == [said]


def test_a_dry_run_says_it_and_changes_nothing(kept: Kept) -> None:
    """The same counts of rows and days as the run itself."""
    before = kept.state()
    planned = {each.what: each.count for each in kept.retention().plan()}
    assert kept.state() == before
    done = {each.what: each.count for each in kept.retention().run()}
    for what in ("pictures of OK", "full maps", "quarantined records", "days of inspection", "days of score_map"):
        assert planned[what] == done[what] > 0


def test_a_second_run_finds_nothing(kept: Kept) -> None:
    """Whoever runs it twice a day loses nothing more."""
    kept.retention().run()
    after = kept.state()
    assert sum(each.count for each in kept.retention().run()) == 0
    assert kept.state() == after


class Killed(BaseException):
    """Stands for kill -9: nothing handles it."""


def await_its_end(kept: Kept) -> None:
    """End the session of a run that was killed, as Postgres does with that of a process that is no more."""
    with kept.ledger.engine.connect() as connection:
        holders = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = :lock"
        connection.execute(text(holders), {"lock": HOUSEKEEPING_LOCK})
        connection.execute(select(func.pg_advisory_lock(HOUSEKEEPING_LOCK)))
        connection.execute(select(func.pg_advisory_unlock(HOUSEKEEPING_LOCK)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_is_killed_anywhere_is_finished_by_the_next(kept: Kept, tmp_path: Path, seed: int) -> None:
    """At any statement and any file: the end is the same, and at no moment does a row name what is not there."""
    dice = random.Random(seed)
    kills = 0
    for _ in range(100):
        await_its_end(kept)
        left = dice.randint(1, 40)

        class Mortal:
            def __getattr__(self, name: str) -> Callable[..., object]:
                def step(*values: object) -> object:
                    nonlocal left
                    left -= 1
                    if left <= 0:
                        raise Killed
                    done = getattr(kept.store, name)(*values)
                    if left == 1 and name == "delete":
                        raise Killed
                    return done

                return step

        def count_down(*_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:  # once: what is done on the way out would not be done by kill -9, and does no harm
                raise Killed

        event.listen(kept.ledger.engine, "before_cursor_execute", count_down)
        try:
            kept.retention(shelf=Mortal()).run()
            finished = True
        except Killed:
            kills, finished = kills + 1, False
        finally:
            event.remove(kept.ledger.engine, "before_cursor_execute", count_down)
        with kept.ledger.engine.connect() as connection:
            named = connection.scalars(text("select frame_uri from inspection where frame_uri <> ''")).all()
        assert not [uri for uri in named if is_gone(kept.store, uri)]
        if finished:
            break
        if kills > 60:
            await_its_end(kept)
            kept.retention().run()
            break
    assert kills > 0
    assert kept.files() == {"frames": {1, 10, 25, 33}, "maps": {1, 10}, "quarantine": {1, 10, 25, 33}}
    assert days_of(kept.ledger.engine, "inspection") == {0, 1, 10, 25, 33}


def test_a_day_left_half_dropped_is_dropped(kept: Kept) -> None:
    """Detached and not dropped: what a kill between the two steps leaves."""
    partition = f"inspection_{TODAY.date() - timedelta(days=50):%Y%m%d}"
    with kept.ledger.engine.begin() as connection:
        connection.execute(text(f"alter table inspection detach partition {partition}"))
    kept.retention().run()
    with kept.ledger.engine.connect() as connection:
        assert connection.scalar(text(f"select to_regclass('{partition}')")) is None


def test_a_day_that_somebody_reads_is_left_for_the_next_run(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """The drop gives up after a moment, so that nobody queues behind it, and the line goes on writing."""
    monkeypatch.setattr(expired_days, "LOCK_WAIT", "100ms")
    monkeypatch.setattr(expired_days, "TRIES", 2)
    with kept.ledger.engine.connect() as reader:
        reader.execute(text("select count(*) from inspection"))
        told = {each.what: each.count for each in kept.retention().run()}
        assert told["days of inspection"] == 0
        assert kept.ledger.record(batch(inspected(frame(999)), first=20)).new == 1
    told = {each.what: each.count for each in kept.retention().run()}
    assert told["days of inspection"] == 1
    assert 50 not in days_of(kept.ledger.engine, "inspection")


def test_only_one_removes_at_a_time(kept: Kept) -> None:
    """The others say so and change nothing; the lock ends with its holder."""
    before = kept.state()
    with alone(kept.ledger.engine), pytest.raises(HousekeepingRuns):
        kept.retention().run()
    assert kept.state() == before
    kept.retention().run()


def test_a_login_that_may_not_drop_days_removes_nothing(kept: Kept) -> None:
    """A station's role: it says who may, before anything is changed."""
    role = f"retention_{random.SystemRandom().randrange(10**9)}"
    engine = open_engine(kept.ledger.engine.url.render_as_string(hide_password=False))
    with kept.ledger.engine.begin() as connection:
        connection.execute(text(f"create role {role}"))
        connection.execute(text(f"grant select, update on inspection to {role}"))
    try:
        event.listen(engine, "connect", lambda raw, _: raw.cursor().execute(f"set session authorization {role}"))
        before = kept.state()
        with pytest.raises(NotTheOwner):
            kept.retention(engine=engine).run()
        assert kept.state() == before
    finally:
        engine.dispose()
        with kept.ledger.engine.begin() as connection:
            connection.execute(text(f"drop owned by {role}"))
            connection.execute(text(f"drop role {role}"))


def test_a_claim_goes_once_no_bus_can_hold_its_record(kept: Kept) -> None:
    """By when it was written, for the camera's clock names its folder."""
    written = {"old": TODAY - timedelta(days=9), "new": TODAY}
    shelf = MemoryArtifacts()
    for name, moment in written.items():
        shelf.written[shelf.put(f"claims/1970-01-01/{name}", b"x")] = moment
    kept.retention(shelf=shelf).run()
    assert list(shelf.contents) == ["memory:claims/1970-01-01/new"]


def test_a_claim_stays_while_the_queue_in_postgres_holds_its_record(kept: Kept) -> None:
    """The workers were away for nine days: the record still waits, and its frame is good."""
    age = timedelta(days=9)
    shelf = MemoryArtifacts(clock=lambda: TODAY - age)
    older = shelf.put(f"claims/{TODAY - 2 * age:%Y-%m-%d}/older", b"x")
    shelf.written[older] = TODAY - 2 * age
    uri = shelf.put(f"claims/{TODAY - age:%Y-%m-%d}/one", b"x")
    publisher = PostgresFramePublisher(kept.ledger.engine)
    at = publisher.publish(to_record(ClaimedFrame(frame(1, camera="large"), uri))).result(10)
    publisher.close(10)
    with kept.ledger.engine.begin() as connection:
        connection.execute(text("update bus_record set arrived_at = :at"), {"at": TODAY - age})
    kept.retention(shelf=shelf).run()
    assert list(shelf.contents) == [uri]
    judged = Progress(at.topic, at.partition, at.offset, at.offset + 1)
    kept.ledger.record(Batch((), (judged,)))  # though the record itself is not swept away yet
    kept.retention(shelf=shelf).run()
    assert list(shelf.contents) == []


def test_a_preview_goes_after_some_days(kept: Kept) -> None:
    """No row names it, so its folder's day and its own age decide."""
    shelf = MemoryArtifacts()
    old, new = (f"previews/{TODAY - timedelta(days=age):%Y-%m-%d}/1-0.png" for age in (4, 0))
    for name, age in ((old, 4), (new, 0)):
        shelf.written[shelf.put(name, b"x")] = TODAY - timedelta(days=age)
    kept.retention(shelf=shelf).run()
    assert list(shelf.contents) == [f"memory:{new}"]


def test_what_a_crash_left_without_a_row_goes_with_its_day(kept: Kept) -> None:
    """A worker died between artifact and transaction, and the frame's next try wrote other names."""
    shelf = MemoryArtifacts(clock=lambda: TODAY - timedelta(days=50))
    old, new = (f"frames/{TODAY - timedelta(days=age):%Y-%m-%d}/top/orphan.png" for age in (50, 10))
    shelf.put(old, b"x"), shelf.put(new, b"x")
    kept.retention(shelf=shelf).run()
    assert list(shelf.contents) == [f"memory:{new}"]


def test_counts_runs_and_untold_verdicts_age_too(kept: Kept) -> None:
    """The newest start of a camera stays, however long it has been silent."""
    long_ago = TODAY - timedelta(days=400)
    for start in ("a" * 12, "b" * 12):
        kept.ledger.report(CameraRun("line9", start, "nut", 1, 0, long_ago))
    with kept.ledger.engine.begin() as connection:
        connection.execute(
            text("update camera_run set first_seen_at = :at - case start_id when :old then interval '1 day' else"
                 " interval '0' end where camera = 'line9'"), {"at": long_ago, "old": "a" * 12},
        )  # fmt: skip
        connection.execute(text("update outbox set written_at = :at where id <= 2"), {"at": long_ago})
    told = {each.what: each.count for each in kept.retention().run()}
    assert told["untold verdicts"] == 2
    assert told["former starts of cameras"] == 1
    assert "b" * 12 in {run.start_id for run in kept.ledger.runs()}


def test_every_column_that_names_an_artifact_is_accounted_for() -> None:
    """A new one must say whether it ages or protects."""
    for path in Path(schema.__file__).parent.glob("schema_*.py"):
        import_module(f"core.adapters.{path.stem}")
    known = {str(column) for column in (*expired_rows.FOR_EVER, *expired_rows.AGING)}
    never_aging = {"model_version.bundle_uri", "discarded_artifact.uri"}
    looked_up = {"disagreement.frame_uri"}  # shown for as long as its inspection keeps the picture
    named = {
        f"{table.name}.{column.name}" for table in schema.metadata.sorted_tables for column in table.c
        if column.name.endswith("uri")
    }  # fmt: skip
    assert named == known | never_aging | looked_up


def test_the_command_says_what_would_go_and_removes_it(kept: Kept) -> None:
    """`python -m core retain --dry-run`, then without."""
    url = kept.ledger.engine.url.render_as_string(hide_password=False)
    environment = {"DATABASE_URL": url, "ARTIFACT_URL": kept.store._root, "RETAIN_OK_FRAMES_DAYS": "1"}
    command = [sys.executable, "-m", "core", "retain"]
    told = subprocess.run(
        [*command, "--dry-run"], check=False, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    assert "pictures of OK would go" in told.stdout
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "days of inspection" in done.stdout


def test_nothing_is_removed_by_a_clock_that_postgres_does_not_share(kept: Kept) -> None:
    """A machine that believes it is next year would drop the days of this one."""
    url = kept.ledger.engine.url.render_as_string(hide_password=False)
    line = LineSettings(database_url=url, artifact_url=kept.store._root)
    now = datetime.now(UTC)
    for wrong in (now + timedelta(days=365), now - timedelta(hours=2)):
        with pytest.raises(ClocksDiffer, match="UTC, there"):
            wiring.open_retention(line, KEEP, wrong, lambda _: None)
    wiring.open_retention(line, KEEP, now + timedelta(minutes=50), lambda _: None).engine.dispose()


def test_retention_on_an_empty_database_says_what_to_run(kept: Kept) -> None:
    """Not that Postgres does not answer."""
    environment = {"DATABASE_URL": servers.postgres(), "ARTIFACT_URL": kept.store._root}
    command = [sys.executable, "-m", "core", "retain"]
    told = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert told.returncode == 1
    assert "run `python -m core migrate`" in told.stderr
    assert "does not answer" not in told.stderr
