"""InspectionLedger on Postgres: every result of a batch and the offsets past it, in one transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine, Table, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from core.adapters import days
from core.adapters.database import translated
from core.adapters.ledger_outbox import append_to_outbox
from core.adapters.ledger_parts import record_views
from core.adapters.ledger_rollups import add_lots, add_rollups
from core.adapters.ledger_rows import (
    KEY_COLUMNS,
    Key,
    Row,
    camera_counts,
    first_of_each,
    has_map,
    inspection_row,
    is_mistimed,
    is_quarantined,
    map_row,
    quarantine_row,
)
from core.adapters.schema import camera_run, consumer_offset, inspection, quarantine, score_map
from core.errors import Fenced
from core.inspection import Batch, OpenDays, Progress, Recorded, Result
from core.part import ViewPlan
from core.part_assembly import sightings_of
from core.part_message import part_key, to_part_message
from core.rollup import lots_of, rolled_up
from core.verdict_message import key_of, to_verdict_message

COUNTED = ("judged", "ok", "review", "ng", "error", "judged_dropped")


@dataclass(frozen=True)
class PostgresInspections:
    """InspectionLedger. `tells` says whether somebody reads the outbox, so that it is worth writing."""

    engine: Engine
    tells: bool = False

    def record(self, batch: Batch) -> Recorded:
        """All or nothing; frames already there stay as they were.

        1. The offsets, which locks the batch's partitions until the commit: whoever comes second with the same
           records waits here, and then finds himself fenced.
        2. The rows. Only those that are new go on to the maps, the quarantine, the counters, the parts of several
           views and the outbox: a frame that came twice is one view.
        A crash before the commit leaves nothing behind; after it, the reader starts behind this batch.
        Tables and the rows in them are taken in one fixed order, so that no two writers wait for each other.
        """
        results = first_of_each(batch.results)
        with translated(), self.engine.begin() as connection:
            move_offsets(connection, batch.progress)
            new = _write_rows(connection, results)
            self._write_what_follows(connection, [result for key, result in results.items() if key in new], batch.plans)
        return Recorded(len(new), len(batch.results) - len(new))

    def _write_what_follows(self, connection: Connection, new: list[Result], plans: Mapping[str, ViewPlan]) -> None:
        _insert(connection, score_map, (map_row(result) for result in new if has_map(result)))
        _add_counts(connection, camera_counts(new))
        add_rollups(connection, rolled_up(new))
        add_lots(connection, lots_of(new))
        decided = record_views(connection, sightings_of(new, plans))
        if self.tells:
            append_to_outbox(connection, ((key_of(result)[0], to_verdict_message(result)) for result in new))
            append_to_outbox(connection, ((part_key(part), to_part_message(part)) for part in decided))

    def next_offsets(self, topic: str) -> Mapping[int, int]:
        """Per partition of the topic."""
        query = select(consumer_offset.c.partition, consumer_offset.c.next_offset).where(
            consumer_offset.c.topic == topic
        )
        with translated(), self.engine.connect() as connection:
            return dict(connection.execute(query).all())

    def open_days(self) -> OpenDays:
        """As the partitions say."""
        return days.open_days(self.engine)

    def prepare_days(self, today: date) -> list[date]:
        """Open the days around today that are not open yet, and return them. Safe while the line runs."""
        return days.prepare_days(self.engine, today)


def move_offsets(connection: Connection, progress: Iterable[Progress]) -> None:
    """Compare and set, partition by partition.

    Raises:
        Fenced: One of them does not stand at its `first`.
    """
    for step in sorted(progress, key=lambda step: (step.topic, step.partition)):
        row = {"topic": step.topic, "partition": step.partition, "next_offset": step.next}
        statement = insert(consumer_offset).values(row)
        moved = connection.execute(
            statement.on_conflict_do_update(
                constraint=consumer_offset.primary_key,
                set_={"next_offset": statement.excluded.next_offset},
                where=consumer_offset.c.next_offset == step.first,
            )
        )
        if moved.rowcount != 1:
            raise Fenced(f"{step.topic}/{step.partition} does not stand at {step.first}")


def _write_rows(connection: Connection, results: Mapping[Key, Result]) -> set[Key]:
    """Write the rows of frames that are not there yet, with their quarantine, and say which those are.

    A frame with a wrong clock is filed under a new time whenever it is sent again, so that the key of `inspection`
    does not recognise it; the key of `quarantine`, which knows no time, does.
    """
    mistimed = [result for result in results.values() if is_mistimed(result)]
    new_mistimed = _insert(connection, quarantine, map(quarantine_row, mistimed))
    known = _quarantined(connection, results.keys())
    to_write = [result for key, result in results.items() if key in new_mistimed or key not in known]
    new = _insert(connection, inspection, map(inspection_row, to_write))
    suspect = [result for result in to_write if is_quarantined(result) and key_of(result) in new]
    _insert(connection, quarantine, map(quarantine_row, suspect))
    return new


def _quarantined(connection: Connection, keys: Iterable[Key]) -> set[Key]:
    columns = [quarantine.c[name] for name in KEY_COLUMNS]
    query = select(*columns).where(tuple_(*columns).in_(list(keys)))
    return {(camera, start_id, sequence) for camera, start_id, sequence in connection.execute(query)}


def _insert(connection: Connection, table: Table, rows: Iterable[Row]) -> set[Key]:
    """Insert what is not there yet, and return its keys; without RETURNING each row would travel by itself."""
    ordered = sorted(rows, key=lambda row: [row[name] for name in KEY_COLUMNS])
    if not ordered:
        return set()
    statement = insert(table).on_conflict_do_nothing().returning(*(table.c[name] for name in KEY_COLUMNS))
    return {(camera, start_id, sequence) for camera, start_id, sequence in connection.execute(statement, ordered)}


def _add_counts(connection: Connection, counts: list[Row]) -> None:
    for row in counts:
        statement = insert(camera_run).values(row)
        connection.execute(
            statement.on_conflict_do_update(
                constraint=camera_run.primary_key,
                set_={name: camera_run.c[name] + statement.excluded[name] for name in COUNTED}
                | {"seen_until": func.greatest(camera_run.c.seen_until, statement.excluded.seen_until)},
            )
        )
