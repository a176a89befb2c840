"""GapLedger on Postgres: a row per gap, written with the offset that moves past it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, insert, select

from core.adapters.database import translated
from core.adapters.ledger_inspections import move_offsets
from core.adapters.schema import camera_run
from core.adapters.schema_retention import bus_gap
from core.gap import Gap


@dataclass(frozen=True)
class PostgresGaps:
    """GapLedger."""

    engine: Engine

    def cameras_heard_of(self) -> list[str]:
        """By name."""
        query = select(camera_run.c.camera).distinct().order_by(camera_run.c.camera)
        with translated(), self.engine.connect() as connection:
            return list(connection.scalars(query))

    def record_gap(self, gap: Gap) -> None:
        """The offset first: whoever comes second with the same gap, or with a batch from within it, is fenced."""
        row = {
            "topic": gap.topic,
            "partition": gap.partition,
            "first_offset": gap.first,
            "until_offset": gap.until,
            "cameras": list(gap.cameras),
            "found_at": gap.found_at,
        }
        with translated(), self.engine.begin() as connection:
            move_offsets(connection, (gap.progress(),))
            connection.execute(insert(bus_gap).values(row))

    def gaps(self, since: datetime) -> list[Gap]:
        """Newest first."""
        query = (
            select(bus_gap)
            .where(bus_gap.c.found_at >= since)
            .order_by(bus_gap.c.found_at.desc(), bus_gap.c.topic, bus_gap.c.partition)
        )
        with translated(), self.engine.connect() as connection:
            return [_gap(row) for row in connection.execute(query)]


def _gap(row: Any) -> Gap:
    return Gap(row.topic, row.partition, row.first_offset, row.until_offset, tuple(row.cameras), row.found_at)
