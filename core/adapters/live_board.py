"""The newest frame and verdict per camera in an unlogged table. A cache: it may vanish at any moment."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert

from core.adapters.database import translated
from core.adapters.schema import live_tile
from core.errors import BoardUnavailable, LedgerUnavailable
from core.inspection import Tile
from core.verdict import Decision


class PostgresLiveBoard:
    """LiveBoard in an unlogged table: it costs no write-ahead log, and a crash of the server empties it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def show(self, tiles: Sequence[Tile]) -> None:
        """All in one transaction, in the order of the cameras so that two workers never wait for each other."""
        newest = {tile.camera: tile for tile in tiles}
        if not newest:
            return
        rows = [_row(newest[camera]) for camera in sorted(newest)]
        statement = insert(live_tile).values(rows)
        replaced = {column.name: statement.excluded[column.name] for column in live_tile.columns}
        with _on_the_board(), self._engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["camera"], set_=replaced))

    def tiles(self) -> list[Tile]:
        """By camera name."""
        with _on_the_board(), self._engine.connect() as connection:
            rows = connection.execute(select(live_tile)).mappings()
            return sorted((_tile(dict(row)) for row in rows), key=lambda tile: tile.camera)


def _row(tile: Tile) -> dict[str, Any]:
    return {field.name: getattr(tile, field.name) for field in fields(tile)}


def _tile(row: dict[str, Any]) -> Tile:
    return Tile(**row | {"decision": Decision(row["decision"])})


@contextmanager
def _on_the_board() -> Iterator[None]:
    try:
        with translated():
            yield
    except LedgerUnavailable as error:
        raise BoardUnavailable(error.detail) from error
