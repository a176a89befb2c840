"""What PostgresLedger leaves in its tables, and what it says when it cannot."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Table, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from core.adapters.database import open_engine
from core.adapters.ledger import PostgresLedger
from core.adapters.schema import audit, camera_run, inspection, live_tile, outbox, quarantine, score_map
from core.errors import Fenced, LedgerUnavailable, NoOpenDay
from core.inspection import CameraRun, Inspection
from core.product import Product, Recipe
from core.verdict import Decision, ErrorReason, Threshold
from tests import servers
from tests.contracts.ledgers import (
    BAND,
    SCORES,
    TODAY,
    TOPIC,
    batch,
    bundle,
    failed,
    frame,
    fresh_postgres_ledger,
    inspected,
    late,
    refused,
)


def rows(ledger: PostgresLedger, table: Table) -> list[dict[str, Any]]:
    with ledger.engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def count(ledger: PostgresLedger, table: Table) -> int:
    with ledger.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_a_row_holds_all_of_an_inspection(postgres_ledger: PostgresLedger) -> None:
    """Frame, verdict, who judged, where it lay on the bus."""
    one = inspected(frame(4), Decision.REVIEW)
    postgres_ledger.record(batch(one))
    (row,) = rows(postgres_ledger, inspection)
    header = one.frame
    assert (row["captured_at"], row["camera"], row["start_id"], row["sequence"]) == (
        header.captured_at,
        header.id.camera,
        header.id.start_id,
        4,
    )
    assert (row["product"], row["part_id"], row["lot"], row["sha256"]) == (
        "ballscrew",
        "part 4",
        "lot 7",
        header.sha256,
    )
    assert (row["decision"], row["score"], row["reason"], row["detail"]) == ("REVIEW", SCORES[Decision.REVIEW], "", "")
    assert (row["model_version_id"], row["threshold_id"], row["engine"]) == (1, 1, "test-engine")
    assert (row["review_from"], row["reject_from"]) == (BAND.review_from, BAND.reject_from)
    assert (row["topic"], row["partition"], row["offset"]) == (TOPIC, 0, 4)
    assert (row["arrived_at"], row["judged_at"]) == (TODAY, TODAY + timedelta(seconds=1))


def test_every_inspection_has_its_map(postgres_ledger: PostgresLedger) -> None:
    """Byte for byte, under the same key as its row; what could not be judged has none."""
    postgres_ledger.record(batch(inspected(frame(0)), failed(frame(1)), refused(2)))
    (stored,) = rows(postgres_ledger, score_map)
    assert (stored["sequence"], stored["captured_at"]) == (0, TODAY)
    assert (stored["png"], stored["low"], stored["high"]) == (b"\x89PNG\x00map", -1.5, 2.5)


def test_what_could_not_be_judged_names_its_reason_and_no_model(postgres_ledger: PostgresLedger) -> None:
    """Every row but ERROR names exactly one model version; ERROR names none."""
    postgres_ledger.record(batch(failed(frame(0), detail="half a JPEG")))
    (row,) = rows(postgres_ledger, inspection)
    assert (row["decision"], row["reason"], row["detail"]) == ("ERROR", "undecodable", "half a JPEG")
    assert [row[name] for name in ("score", "model_version_id", "threshold_id", "review_from")] == [None] * 4


@pytest.mark.parametrize(
    "change",
    ["model_version_id = null", "threshold_id = null", "reason = 'x'", "decision = 'ERROR'", "decision = 'FINE'"],
)
def test_postgres_itself_refuses_a_row_that_cannot_be(postgres_ledger: PostgresLedger, change: str) -> None:
    """Whoever writes it."""
    postgres_ledger.record(batch(inspected(frame(0))))
    with pytest.raises(IntegrityError), postgres_ledger.engine.begin() as connection:
        connection.execute(text(f"update inspection set {change}"))


def test_a_late_verdict_keeps_its_map_and_the_limits_that_scale_it(postgres_ledger: PostgresLedger) -> None:
    """It names no model and no score, for nobody may take it for a verdict; and the frame is not at fault."""
    postgres_ledger.record(batch(late(frame(0))))
    (row,) = rows(postgres_ledger, inspection)
    assert (row["decision"], row["reason"], row["score"], row["model_version_id"]) == ("ERROR", "late", None, None)
    assert (row["review_from"], row["reject_from"]) == (BAND.review_from, BAND.reject_from)
    assert count(postgres_ledger, score_map) == 1
    assert count(postgres_ledger, quarantine) == 0


def test_a_frame_at_fault_and_every_refusal_are_quarantined(postgres_ledger: PostgresLedger) -> None:
    """A dropped frame and a missing model are nobody's fault who could be looked at."""
    postgres_ledger.record(
        batch(
            failed(frame(0)),
            failed(frame(1), ErrorReason.DROPPED),
            failed(frame(2), ErrorReason.NO_MODEL),
            refused(3),
            inspected(frame(4)),
        )
    )
    kept = {(row["camera"], row["sequence"]): row for row in rows(postgres_ledger, quarantine)}
    assert set(kept) == {("line1-top", 0), (f"?{TOPIC}", 3)}
    assert kept["line1-top", 0]["reason"] == "undecodable"
    assert kept["line1-top", 0]["evidence_uri"] == "memory:frame"
    assert kept[f"?{TOPIC}", 3]["evidence_uri"] == "memory:record"


def test_a_frame_already_judged_is_not_quarantined_when_it_comes_broken(postgres_ledger: PostgresLedger) -> None:
    """The second time it is the same frame, whatever became of its bytes."""
    postgres_ledger.record(batch(inspected(frame(0))))
    postgres_ledger.record(batch(failed(frame(0)), first=1))
    assert count(postgres_ledger, quarantine) == 0
    assert [row["decision"] for row in rows(postgres_ledger, inspection)] == ["OK"]


def test_a_wrong_clock_is_kept_as_it_was_told(postgres_ledger: PostgresLedger) -> None:
    """The row lies under the broker's time, the quarantine remembers the camera's."""
    wrong = frame(0, captured_at=TODAY.replace(year=9999))
    arrived = TODAY + timedelta(hours=1)
    postgres_ledger.record(batch(failed(wrong, ErrorReason.CLOCK, arrived)))
    postgres_ledger.record(batch(failed(wrong, ErrorReason.CLOCK, arrived + timedelta(hours=1)), first=1))
    (row,) = rows(postgres_ledger, inspection)
    (kept,) = rows(postgres_ledger, quarantine)
    assert row["captured_at"] == kept["captured_at"] == arrived
    assert kept["claimed_at"] == wrong.captured_at


def test_a_camera_run_counts_every_new_row_once(postgres_ledger: PostgresLedger) -> None:
    """By decision, beside what the camera says of itself; repeats and refusals count nowhere."""
    decisions = (Decision.OK, Decision.OK, Decision.REVIEW, Decision.NG)
    results = [inspected(frame(number), decision) for number, decision in enumerate(decisions)]
    postgres_ledger.record(batch(*results, failed(frame(4)), refused(5)))
    postgres_ledger.report(CameraRun("line1-top", "0123456789ab", "ballscrew", 9, 2, TODAY))
    postgres_ledger.record(batch(*results, inspected(frame(6)), first=6))
    (row,) = rows(postgres_ledger, camera_run)
    counted = {name: row[name] for name in ("captured", "dropped", "judged", "ok", "review", "ng", "error")}
    assert counted == {"captured": 9, "dropped": 2, "judged": 6, "ok": 3, "review": 1, "ng": 1, "error": 1}


def test_a_run_whose_camera_has_not_reported_is_counted_but_not_listed(postgres_ledger: PostgresLedger) -> None:
    """The verdict may be faster than the camera's first report."""
    postgres_ledger.record(batch(inspected(frame(0))))
    assert postgres_ledger.runs() == []
    assert rows(postgres_ledger, camera_run)[0]["judged"] == 1


def test_without_a_reader_nothing_is_written_to_the_outbox() -> None:
    """It would only grow."""
    ledger = fresh_postgres_ledger(TODAY.date(), 0, 0, tells=False)
    ledger.record(batch(inspected(frame(0))))
    assert count(ledger, outbox) == 0
    ledger.close()


def test_every_change_of_products_and_models_is_in_the_audit(postgres_ledger: PostgresLedger) -> None:
    """Who, when, what, the old value, the new value, and why."""
    ledger = postgres_ledger
    ledger.save_product(Product("nut", Recipe()), TODAY, "ada", "new part")
    ledger.save_product(Product("nut", Recipe(keep_ok_share=0.5)), TODAY, "bob", "keep more")
    version = ledger.register("nut", bundle(), BAND, TODAY, "ada")
    ledger.promote(version.id, TODAY, "eve", "better")
    ledger.set_threshold(version.id, Threshold(1, 2), TODAY, "bob", "too many rejects")
    notes = rows(ledger, audit)
    assert [(note["who"], note["why"]) for note in notes] == [
        ("ada", "new part"),
        ("bob", "keep more"),
        ("ada", "registered"),
        ("eve", "better"),
        ("bob", "too many rejects"),
    ]
    assert notes[0]["old"] is None
    assert (notes[1]["old"], notes[1]["new"]) == (Recipe().to_json(), Recipe(keep_ok_share=0.5).to_json())
    assert (notes[3]["old"], notes[3]["new"]) == ({"model_version_id": None}, {"model_version_id": version.id})
    assert notes[4]["old"] == {"review_from": BAND.review_from, "reject_from": BAND.reject_from}


def race(ledger: PostgresLedger, batches: Iterable[Any]) -> list[str]:
    """Record all at once; how each ended."""
    todo = list(batches)
    start = Barrier(len(todo))

    def one(work: Any) -> str:
        start.wait(10)
        try:
            return f"new {ledger.record(work).new}"
        except Fenced:
            return "fenced"

    with ThreadPoolExecutor(len(todo)) as pool:
        return sorted(pool.map(one, todo))


def test_of_two_who_record_the_same_records_one_is_fenced(postgres_ledger: PostgresLedger) -> None:
    """Twenty times over: one writes all, the other nothing."""
    for turn in range(20):
        work = batch(*(inspected(frame(3 * turn + number)) for number in range(3)), first=3 * turn)
        assert race(postgres_ledger, [work, work]) == ["fenced", "new 3"]
    assert count(postgres_ledger, inspection) == 60


def test_workers_on_different_partitions_do_not_hinder_each_other(postgres_ledger: PostgresLedger) -> None:
    """Eight record at once, cameras in opposite orders; none is fenced, none waits for ever."""
    cameras = ("a", "b", "c")

    def work(partition: int) -> list[Inspection]:
        order = cameras if partition % 2 else tuple(reversed(cameras))
        return [
            inspected(frame(number, f"{camera}{partition}"), partition=partition)
            for camera in order
            for number in range(5)
        ]

    batches = [batch(*work(partition), partition=partition) for partition in range(8)]
    assert race(postgres_ledger, batches) == ["new 15"] * 8


def test_workers_with_the_same_frames_on_two_partitions_write_them_once(postgres_ledger: PostgresLedger) -> None:
    """A camera's records may lie on two partitions after these were added; whoever comes second counts repeats."""
    frames = [inspected(frame(number)) for number in range(10)]
    batches = [batch(*frames, partition=0), batch(*reversed(frames), partition=1)]
    assert race(postgres_ledger, batches) == ["new 0", "new 10"]
    clocks = [failed(frame(number), ErrorReason.CLOCK) for number in range(10, 20)]
    again = [failed(frame(number), ErrorReason.CLOCK, TODAY + timedelta(seconds=1)) for number in range(10, 20)]
    batches = [batch(*clocks, first=10, partition=0), batch(*reversed(again), first=10, partition=1)]
    assert race(postgres_ledger, batches) == ["new 0", "new 10"]
    assert count(postgres_ledger, inspection) == 20


def test_what_a_frozen_worker_holds_is_freed(postgres_ledger: PostgresLedger) -> None:
    """The next one waits for the partition until Postgres ends the idle transaction; the frozen one has lost it."""
    postgres_ledger.record(batch(inspected(frame(0))))
    frozen = open_engine(postgres_ledger.engine.url.render_as_string(False)).connect()
    frozen.execute(text("set idle_in_transaction_session_timeout = '300ms'"))
    frozen.execute(text("update consumer_offset set next_offset = 9"))
    assert postgres_ledger.record(batch(inspected(frame(1)), first=1)).new == 1
    with pytest.raises(DBAPIError):
        frozen.execute(text("select 1"))
    frozen.close()
    assert postgres_ledger.next_offsets(TOPIC) == {0: 2}


def test_a_day_without_a_place_for_maps_is_not_open_to_anybody(postgres_ledger: PostgresLedger) -> None:
    """The row is not written without its map."""
    with postgres_ledger.engine.begin() as connection:
        connection.execute(text("drop table score_map_20261124"))
    with pytest.raises(NoOpenDay):
        postgres_ledger.record(batch(inspected(frame(0))))
    assert count(postgres_ledger, inspection) == 0


def test_a_server_that_is_not_there_is_named() -> None:
    """Every port of the ledger says so the same way."""
    ledger = PostgresLedger(open_engine("postgresql://nobody@127.0.0.1:1/nowhere"))
    for ask in (ledger.active, ledger.products, ledger.runs, ledger.open_days, lambda: ledger.next_offsets(TOPIC)):
        with pytest.raises(LedgerUnavailable, match="refused"):
            ask()
    with pytest.raises(LedgerUnavailable):
        ledger.record(batch(inspected(frame(0))))


def test_a_database_that_was_never_migrated_says_what_to_do() -> None:
    """The remedy is in the message, and a station that waits for it goes on by itself."""
    ledger = PostgresLedger(open_engine(servers.postgres()))
    with pytest.raises(LedgerUnavailable, match="python -m core migrate"):
        ledger.active()
    with pytest.raises(LedgerUnavailable, match="python -m core migrate"):
        ledger.open_days()
    ledger.close()


def test_connections_that_were_cut_are_replaced(postgres_ledger: PostgresLedger) -> None:
    """A restarted server costs nobody a restart: the next call finds a new connection."""
    assert postgres_ledger.active() == {}
    with open_engine(postgres_ledger.engine.url.render_as_string(False)).begin() as connection:
        cut = text(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid()"
        )
        connection.execute(cut)
    assert postgres_ledger.record(batch(inspected(frame(0)))).new == 1


def test_the_ledger_needs_neither_the_live_board_nor_the_bus(postgres_ledger: PostgresLedger) -> None:
    """Where Redis and Kafka are, their tables lie idle."""
    assert count(postgres_ledger, live_tile) == 0
    with postgres_ledger.engine.begin() as connection:
        connection.execute(text("drop table live_tile, bus_record, bus_lane"))
    assert postgres_ledger.record(batch(inspected(frame(0)))).new == 1
