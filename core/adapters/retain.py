"""Removes what is older than the settings keep it: days of rows, pictures and maps, and what nobody fetched.

Safe to run at any time, beside the line, and to kill at any moment: every step is a transaction of its own or can be
repeated. Only one runs at a time; a lock that ends with its process sees to that.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, select, text

from core.adapters import expired_days, expired_rows
from core.adapters.database import leave, translated
from core.adapters.schema import camera_run, inspection, outbox, quarantine
from core.adapters.schema_parts import part_decision
from core.adapters.schema_rollups import rollup
from core.errors import ClocksDiffer, HousekeepingRuns, NotTheOwner
from core.retention import ArtifactShelf, Expired, Folder, Horizons, begin_of, is_before
from core.verdict import Decision

HOUSEKEEPING_LOCK = 0x6B656570
"""ASCII of "keep": held by whoever removes, backs up or restores."""

PUT_BEFORE = timedelta(days=1)
"""A camera gives up sending long before; until then it tries again with the claim it has put."""

MOST_APART = timedelta(hours=1)


def check_clock(engine: Engine, at: datetime) -> None:
    """Raise ClocksDiffer unless Postgres takes it for about the same moment: what goes by a wrong clock is gone."""
    with translated(), engine.connect() as connection:
        theirs: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    if abs(theirs - at) > MOST_APART:
        raise ClocksDiffer(f"here it is {at:%Y-%m-%d %H:%M} UTC, there {theirs:%Y-%m-%d %H:%M}")


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Nobody else removes, backs up or restores meanwhile.

    Raises:
        HousekeepingRuns: Somebody does.
    """
    with translated():
        connection = engine.connect()
        connection.detach()  # a session of its own: its lock ends with it, also where this process is killed
    try:
        with translated():
            locked = connection.scalar(select(func.pg_try_advisory_lock(HOUSEKEEPING_LOCK)))
            connection.commit()
        if not locked:
            raise HousekeepingRuns
        yield
    finally:
        leave(connection)


@dataclass(frozen=True, slots=True)
class Retention:
    """What to remove and from where. `rest` pauses between two tries to drop a day that somebody reads."""

    engine: Engine
    shelf: ArtifactShelf
    keep: Horizons
    at: datetime
    rest: Callable[[float], object]

    def plan(self) -> list[Expired]:
        """What `run` would remove now; changes nothing."""
        counts = [Expired(what, expired_rows.count(self.engine, table, old)) for what, table, old in self._rows()]
        days = [
            Expired(f"days of {table}", len(expired_days.expired_days(self.engine, table, before)))
            for table, before in self._days()
        ]
        pictures = [
            Expired(what, expired_rows.count(self.engine, inspection, old)) for what, _, old in self._pictures()
        ]
        old_evidence = quarantine.c.quarantined_at < begin_of(self.keep.quarantine)
        held = Expired("quarantined records", expired_rows.count(self.engine, quarantine, old_evidence))
        files = Expired("files in folders of days that go", sum(len(uris) for uris in self._unnamed()))
        return [*pictures, held, files, *days, *counts]

    def run(self) -> list[Expired]:
        """Remove it. Pictures first, then the days that named them: a day never goes before what it names is listed.

        Raises:
            NotTheOwner: This login may not drop days; nothing was removed.
            HousekeepingRuns: Another retention or a backup runs.
            LedgerUnavailable: Postgres went away; the next run goes on from there.
            ArtifactsUnavailable: The store did.
        """
        _require_owner(self.engine)
        with alone(self.engine):
            found = [Expired(what, self._discard(column, old)) for what, column, old in self._pictures()]
            found.append(Expired("quarantined records", self._discard_quarantine()))
            for uris in self._unnamed():
                expired_rows.list_discarded(self.engine, uris, self.at)
            found.append(Expired("files", self._clear_shelf()))
            found += [Expired(f"days of {table}", self._drop(table, before)) for table, before in self._days()]
            removed = [Expired(what, expired_rows.remove(self.engine, table, old)) for what, table, old in self._rows()]
            return [*found, *removed]

    def _pictures(self) -> list[tuple[str, Any, ColumnElement[bool]]]:
        frames = [
            (
                f"pictures of {decision}",
                inspection.c.frame_uri,
                expired_rows.expired_frames(decision, max(self.keep.frames[decision], self.keep.inspections)),
            )
            for decision in Decision
        ]
        maps = expired_rows.expired_maps(max(self.keep.full_maps, self.keep.inspections))
        return [*frames, ("full maps", inspection.c.maps_uri, maps)]

    def _days(self) -> list[tuple[str, date]]:
        """Maps first: a row whose map is gone is history, a map without a row is clutter."""
        return [("score_map", max(self.keep.maps, self.keep.inspections)), ("inspection", self.keep.inspections)]

    def _rows(self) -> list[tuple[str, Any, ColumnElement[bool]]]:
        return [
            ("untold verdicts", outbox, expired_rows.expired_outbox(self.keep.outbox)),
            ("parts of several views", part_decision, expired_rows.expired_parts(self.keep.inspections)),
            ("counts by the minute", rollup, expired_rows.expired_minutes(self.keep.minutes)),
            ("former starts of cameras", camera_run, expired_rows.expired_runs(self.keep.camera_runs)),
        ]

    def _discard(self, column: Any, old: ColumnElement[bool]) -> int:
        total = 0
        while done := expired_rows.discard(self.engine, column, old, self.at):
            total += done
        return total

    def _discard_quarantine(self) -> int:
        total = 0
        while done := expired_rows.discard_quarantine(self.engine, self.keep.quarantine, self.at):
            total += done
        return total

    def _drop(self, table: str, before: date) -> int:
        days = expired_days.expired_days(self.engine, table, before)
        return sum(expired_days.drop_day(self.engine, day, self.at, self.rest) for day in days)

    def _clear_shelf(self) -> int:
        """Remove what is listed; what is named again after all stays, and is listed no more."""
        total = 0
        while uris := expired_rows.discarded(self.engine):
            gone = sorted(set(uris) - expired_rows.named(self.engine, uris))
            for uri in gone:
                self.shelf.delete(uri)
            expired_rows.forget_discarded(self.engine, uris)
            total += len(gone)
        return total

    def _unnamed(self) -> Iterator[list[str]]:
        """Files that a worker's crash left behind, claims that the bus cannot hold any more, old previews.

        By their folder's day, and by when they were written too where a camera's wrong clock may have named the day.
        """
        horizon = {
            Folder.FRAMES: self.keep.inspections,
            Folder.MAPS: self.keep.inspections,
            Folder.QUARANTINE: self.keep.quarantine,
            Folder.CLAIMS: self._claims_before(),
            Folder.PREVIEWS: self.keep.previews,
        }
        for folder, before in horizon.items():
            for day in self.shelf.days(folder):
                if is_before(day, before):
                    old = [file.uri for file in self.shelf.files(folder, day) if file.written_at < begin_of(before)]
                    yield sorted(set(old) - expired_rows.named(self.engine, old))

    def _claims_before(self) -> date:
        """The queue in Postgres keeps a record until it is judged, and a claim is put a while before its record."""
        oldest = expired_rows.oldest_waiting(self.engine)
        return min(self.keep.claims, oldest.date() - PUT_BEFORE) if oldest else self.keep.claims


def _require_owner(engine: Engine) -> None:
    query = text("select pg_has_role(relowner, 'usage') from pg_class where oid = to_regclass('inspection')")
    with translated(), engine.connect() as connection:
        if connection.scalar(query) is False:
            raise NotTheOwner
