"""Rollups on Postgres: added to in the transaction of the verdicts, read by the pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select, text

from core.adapters.database import translated
from core.adapters.schema_rollups import lot_rollup, rollup
from core.rollup import Grain, LotCount, LotKey, RollupKey
from core.verdict import Decision

_COLUMNS = ("grain", "begins_at", "product", "camera", "decision", "model_version_id", "score_bin", "frames")

# One statement however many counts: a row each would be a round trip each, and with many values slow to compile.
_ADD = text(
    "insert into rollup select * from unnest(cast(:grain as text[]), cast(:begins_at as timestamptz[]),"
    " cast(:product as text[]), cast(:camera as text[]), cast(:decision as text[]),"
    " cast(:model_version_id as bigint[]), cast(:score_bin as integer[]), cast(:frames as bigint[]))"
    " on conflict on constraint pk_rollup do update set frames = rollup.frames + excluded.frames"
)

_LOT_COLUMNS = ("product", "lot", "camera", "decision", "model_version_id", "frames", "first_at", "last_at")
_ADD_LOTS = text(
    "insert into lot_rollup select * from unnest(cast(:product as text[]), cast(:lot as text[]),"
    " cast(:camera as text[]), cast(:decision as text[]), cast(:model_version_id as bigint[]),"
    " cast(:frames as bigint[]), cast(:first_at as timestamptz[]), cast(:last_at as timestamptz[]))"
    " on conflict on constraint pk_lot_rollup do update set frames = lot_rollup.frames + excluded.frames,"
    " first_at = least(lot_rollup.first_at, excluded.first_at),"
    " last_at = greatest(lot_rollup.last_at, excluded.last_at)"
)


def add_rollups(connection: Connection, counts: dict[RollupKey, int]) -> None:
    """Add to the counts in the order given: every writer gives them sorted, so that no two wait for each other."""
    if not counts:
        return
    rows = [
        (key.grain.value, key.begins_at, key.product, key.camera, key.decision.value, key.model_version_id,
         key.score_bin, frames)
        for key, frames in counts.items()
    ]  # fmt: skip
    connection.execute(_ADD, _by_column(_COLUMNS, rows))


def add_lots(connection: Connection, counts: dict[LotKey, LotCount]) -> None:
    """The same for lots."""
    if not counts:
        return
    rows = [
        (key.product, key.lot, key.camera, key.decision.value, key.model_version_id,
         count.frames, count.first_at, count.last_at)
        for key, count in counts.items()
    ]  # fmt: skip
    connection.execute(_ADD_LOTS, _by_column(_LOT_COLUMNS, rows))


def _by_column(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


@dataclass(frozen=True)
class PostgresRollups:
    """Rollups."""

    engine: Engine

    def rollups(self, grain: Grain, product: str, since: datetime, until: datetime) -> dict[RollupKey, int]:
        """By the key's index."""
        spans = (rollup.c.grain == grain.value, rollup.c.begins_at >= since, rollup.c.begins_at < until)
        query = select(*(rollup.c[name] for name in _COLUMNS)).where(*spans, rollup.c.product == product)
        with translated(), self.engine.connect() as connection:
            return {
                RollupKey(Grain(row[0]), row[1], row[2], row[3], Decision(row[4]), row[5], row[6]): row[7]
                for row in connection.execute(query)
            }

    def lots(self, product: str, since: datetime) -> dict[LotKey, LotCount]:
        """Lots that ended before are left out by an index; of the others all counts are read."""
        seen = select(lot_rollup.c.lot).where(lot_rollup.c.product == product, lot_rollup.c.last_at >= since)
        query = select(*(lot_rollup.c[name] for name in _LOT_COLUMNS))
        query = query.where(lot_rollup.c.product == product, lot_rollup.c.lot.in_(seen))
        with translated(), self.engine.connect() as connection:
            return {
                LotKey(row[0], row[1], row[2], Decision(row[3]), row[4]): LotCount(*row[5:])
                for row in connection.execute(query)
            }
