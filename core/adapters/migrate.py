"""Brings a database to the newest schema, or back. Run once by `python -m core migrate`, never by N workers."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from core.adapters.database import translated
from core.adapters.grants import bring_grants, sql_for
from core.adapters.schema import PARTITIONED

PARTITION_NAME = re.compile(rf"(?P<table>{'|'.join(PARTITIONED)})_(?P<day>\d{{8}})")

log = structlog.get_logger()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to the revision, and at the newest give the stations' roles what they need.

    Several at once wait for each other.
    """
    _run(engine, command.upgrade, revision, _grant if revision == "head" else None)


def downgrade(engine: Engine, revision: str) -> None:
    """Bring the database back to the revision; what only newer revisions hold is lost."""
    _run(engine, command.downgrade, revision)


def known_revisions() -> frozenset[str]:
    """Every schema that this version can upgrade from, the newest included."""
    return frozenset(each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions())


def is_ours(item: Any, name: str | None, kind: str, *_: Any) -> bool:
    """Whether a comparison of schemas should look at it: the partitions come and go by day."""
    table = name if kind == "table" else getattr(getattr(item, "table", None), "name", "")
    return not PARTITION_NAME.fullmatch(table or "")


def _grant(connection: Connection) -> None:
    if missing := bring_grants(connection):
        remedy = f"as somebody who may: {sql_for(missing)} then `python -m core migrate` again"
        log.warning("roles_missing", roles=missing, run=remedy)


def _run(engine: Engine, step: Any, revision: str, afterwards: Callable[[Connection], None] | None = None) -> None:
    config = _config()
    with translated(), engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(hashtext('line.migrate'))"))
        connection.execute(text("set lock_timeout = '10s'"))
        connection.commit()
        config.attributes["connection"] = connection
        step(config, revision)
        connection.commit()
        if afterwards is not None:
            afterwards(connection)
            connection.commit()
        connection.execute(text("select pg_advisory_unlock(hashtext('line.migrate'))"))
        connection.commit()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
