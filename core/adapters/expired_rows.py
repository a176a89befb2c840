"""Rows that name what is too old, and the list of what no row names any more.

A picture is let go in two steps. First, in one transaction, rows stop naming it and the list of the discarded names
it; then the store removes it and the list forgets it. Whoever is killed in between leaves the list, and the next run
goes on from there; nothing is ever named that is not there, but for pictures that somebody's page shows at that moment.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, and_, delete, exists, func, or_, select, tuple_, union_all, update
from sqlalchemy.dialects.postgresql import insert

from core.adapters.database import translated
from core.adapters.learned_pictures import replayable
from core.adapters.schema import bus_record, camera_run, consumer_offset, inspection, outbox, quarantine
from core.adapters.schema_parts import part_decision
from core.adapters.schema_retention import discarded_artifact
from core.adapters.schema_reviews import golden_part, review
from core.adapters.schema_rollups import rollup
from core.retention import begin_of
from core.verdict import Decision

CHUNK = 500
KEY = ("captured_at", "camera", "start_id", "sequence")

FOR_EVER = (review.c.frame_uri, golden_part.c.frame_uri)
"""What is named here is never removed. A new column that names artifacts belongs here, or to a kind that ages."""

AGING = (inspection.c.frame_uri, inspection.c.maps_uri, quarantine.c.evidence_uri)


def _is_needed(uri: ColumnElement[str]) -> ColumnElement[bool]:
    return or_(*(exists().where(column == uri) for column in FOR_EVER), uri.in_(replayable()))


def expired_frames(decision: Decision, before: date) -> ColumnElement[bool]:
    """Rows of this decision before the day whose picture is not evidence and nobody needs for ever."""
    evidence = exists().where(quarantine.c.evidence_uri == inspection.c.frame_uri)
    return and_(_expired(inspection.c.frame_uri, before), inspection.c.decision == decision.value, ~evidence)


def expired_maps(before: date) -> ColumnElement[bool]:
    """Rows before the day that name full maps."""
    return _expired(inspection.c.maps_uri, before)


def _expired(uri: Any, before: date) -> ColumnElement[bool]:
    return and_(inspection.c.captured_at < begin_of(before), uri != "", ~_is_needed(uri))


def count(engine: Engine, table: Any, condition: ColumnElement[bool]) -> int:
    """How many rows."""
    with translated(), engine.connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(table).where(condition)) or 0)


def discard(engine: Engine, column: Any, condition: ColumnElement[bool], at: datetime) -> int:
    """Let go of what up to CHUNK of these inspections name in this column. 0: there were none.

    The rows are locked first, and a review locks the row that it is about: whoever is second sees what the first did.
    """
    key = [inspection.c[name] for name in KEY]
    chunk = select(*key, column).where(condition).limit(CHUNK).with_for_update(of=inspection)
    with translated(), engine.begin() as connection:
        rows = list(connection.execute(chunk))
        # Once more, now that the rows are ours: somebody may have reviewed one while we waited for it.
        kept = set(connection.scalars(_kept([row[-1] for row in rows]))) if rows else set()
        rows = [row for row in rows if row[-1] not in kept]
        if rows:
            keys = tuple_(*key).in_([tuple(row[:-1]) for row in rows])
            connection.execute(update(inspection).where(keys).values({column.name: ""}))
            connection.execute(_listed([row[-1] for row in rows], at))
    return len(rows)


def discard_quarantine(engine: Engine, before: date, at: datetime) -> int:
    """Forget up to CHUNK quarantined records before the day, and let go of what came of them."""
    old = select(quarantine).where(quarantine.c.quarantined_at < begin_of(before)).limit(CHUNK)
    with translated(), engine.begin() as connection:
        rows = list(connection.execute(old.with_for_update()).mappings())
        if not rows:
            return 0
        uris = {row["evidence_uri"] for row in rows} - {""}
        keys = tuple_(*(inspection.c[name] for name in KEY)).in_([tuple(row[name] for name in KEY) for row in rows])
        # The inspections too, so that nobody reviews a picture on its way out.
        connection.execute(select(inspection.c.sequence).where(keys).with_for_update(of=inspection))
        let_go = uris - set(connection.scalars(_kept(list(uris)))) if uris else set()
        connection.execute(
            update(inspection).where(keys, inspection.c.frame_uri.in_(sorted(let_go))).values(frame_uri="")
        )
        connection.execute(delete(quarantine).where(quarantine.c.id.in_([row["id"] for row in rows])))
        if let_go:
            connection.execute(_listed(let_go, at))
    return len(rows)


def list_discarded(engine: Engine, uris: Iterable[str], at: datetime) -> None:
    """Let go of files that no row names."""
    found = sorted(set(uris))
    if found:
        with translated(), engine.begin() as connection:
            connection.execute(_listed(found, at))


def discarded(engine: Engine, limit: int = CHUNK) -> list[str]:
    """What the store still has to remove."""
    with translated(), engine.connect() as connection:
        return list(
            connection.scalars(select(discarded_artifact.c.uri).order_by(discarded_artifact.c.uri).limit(limit))
        )


def forget_discarded(engine: Engine, uris: Sequence[str]) -> None:
    """The store has removed them."""
    with translated(), engine.begin() as connection:
        connection.execute(delete(discarded_artifact).where(discarded_artifact.c.uri.in_(uris)))


def named(engine: Engine, uris: Sequence[str]) -> set[str]:
    """Those of these URIs that a row of whatever age still names; inspections are looked at by the day's own index."""
    evidence = select(quarantine.c.evidence_uri).where(quarantine.c.evidence_uri.in_(uris))
    with translated(), engine.connect() as connection:
        return {uri for query in (_kept(uris), evidence) for uri in connection.scalars(query)}


def oldest_waiting(engine: Engine) -> datetime | None:
    """When the oldest record came that waits in the queue in Postgres; None where none does, as where Kafka is the bus.

    What is judged and not yet swept away does not wait.
    """
    of_record = and_(
        consumer_offset.c.topic == bus_record.c.topic, consumer_offset.c.partition == bus_record.c.partition
    )
    waits = bus_record.c.offset >= func.coalesce(consumer_offset.c.next_offset, 0)
    oldest = select(func.min(bus_record.c.arrived_at)).select_from(bus_record.outerjoin(consumer_offset, of_record))
    with translated(), engine.connect() as connection:
        found: datetime | None = connection.scalar(oldest.where(waits))
        return found


def expired_outbox(before: date) -> ColumnElement[bool]:
    """Verdicts written before the day that nobody fetched."""
    return outbox.c.written_at < begin_of(before)


def expired_minutes(before: date) -> ColumnElement[bool]:
    """Counts by the minute before the day."""
    return (rollup.c.grain == "minute") & (rollup.c.begins_at < begin_of(before))


def expired_runs(before: date) -> ColumnElement[bool]:
    """Former starts of cameras, last heard of before the day; a later start of the same camera is known."""
    later = camera_run.alias("later")
    follows = (later.c.camera == camera_run.c.camera) & (later.c.first_seen_at > camera_run.c.first_seen_at)
    heard = func.coalesce(camera_run.c.reported_at, camera_run.c.first_seen_at)
    return (heard < begin_of(before)) & (camera_run.c.first_seen_at < begin_of(before)) & exists().where(follows)


def expired_parts(before: date) -> ColumnElement[bool]:
    """Decisions about parts that several cameras saw before the day: they go with the inspections that they are of."""
    return part_decision.c.decision.is_not(None) & (part_decision.c.first_seen_at < begin_of(before))


def remove(engine: Engine, table: Any, condition: ColumnElement[bool]) -> int:
    """Delete these rows."""
    with translated(), engine.begin() as connection:
        return int(connection.execute(delete(table).where(condition)).rowcount)


def _kept(uris: Sequence[str]) -> Select[Any]:
    of_people = (select(column.label("uri")) for column in FOR_EVER)
    names = union_all(*of_people, replayable()).subquery()
    return select(names.c.uri).where(names.c.uri.in_(uris))


def _listed(uris: Iterable[str], at: datetime) -> Any:
    rows = [{"uri": uri, "discarded_at": at} for uri in sorted(set(uris))]
    return insert(discarded_artifact).values(rows).on_conflict_do_nothing()
