"""CameraDirectory on Postgres: one row per camera, changed by whoever saw it as it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from core.adapters.database import translated
from core.adapters.ledger_audit import note
from core.adapters.schema import camera
from core.camera import CameraChange, ConfiguredCamera, RefusedCamera, read_row
from core.errors import CameraChanged

_CAMERA = [camera.c[name] for name in ("name", "source", "product", "rate", "policy", "enabled")]


@dataclass(frozen=True)
class PostgresCameraDirectory:
    """CameraDirectory."""

    engine: Engine

    def cameras(self) -> list[ConfiguredCamera]:
        """By name."""
        return [row for row in self._rows() if isinstance(row, ConfiguredCamera)]

    def refused_cameras(self) -> list[RefusedCamera]:
        """By name."""
        return [row for row in self._rows() if isinstance(row, RefusedCamera)]

    def change_camera(self, change: CameraChange, at: datetime, who: str, why: str) -> None:
        """The row and its audit in one transaction; of two who change it at once, the second is refused."""
        with translated(), self.engine.begin() as connection:
            if _found(connection, change.name) != change.before or not _write(connection, change, at):
                raise CameraChanged(change.name)
            note(connection, at, who, why, f"camera {change.name}", *change.to_audit())

    def _rows(self) -> list[ConfiguredCamera | RefusedCamera]:
        with translated(), self.engine.connect() as connection:
            rows = connection.execute(select(*_CAMERA).order_by(camera.c.name)).mappings()
            return [read_row(dict(row)) for row in rows]


def _found(connection: Connection, name: str) -> ConfiguredCamera | RefusedCamera | None:
    row = connection.execute(select(*_CAMERA).where(camera.c.name == name).with_for_update()).mappings().first()
    return read_row(dict(row)) if row is not None else None


def _write(connection: Connection, change: CameraChange, at: datetime) -> bool:
    """False where somebody else added the camera between our look, which had no row to lock, and now."""
    statement: Any
    if change.after is None:
        statement = delete(camera).where(camera.c.name == change.name)
    elif change.before is None:
        statement = insert(camera).values(change.after.to_json() | {"changed_at": at}).on_conflict_do_nothing()
    else:
        statement = update(camera).where(camera.c.name == change.name)
        statement = statement.values(change.after.to_json() | {"changed_at": at})
    return bool(connection.execute(statement).rowcount)
