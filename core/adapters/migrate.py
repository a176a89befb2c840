"""Brings a database to the newest schema, or back. Run once by `python -m core migrate`, never by N workers."""

import re
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from core.adapters.database import translated
from core.adapters.schema import PARTITIONED

PARTITION_NAME = re.compile(rf"(?P<table>{'|'.join(PARTITIONED)})_(?P<day>\d{{8}})")


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to the revision. Several at once wait for each other."""
    _run(engine, command.upgrade, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Bring the database back to the revision; what only newer revisions hold is lost."""
    _run(engine, command.downgrade, revision)


def is_ours(item: Any, name: str | None, kind: str, *_: Any) -> bool:
    """Whether a comparison of schemas should look at it: the partitions come and go by day."""
    table = name if kind == "table" else getattr(getattr(item, "table", None), "name", "")
    return not PARTITION_NAME.fullmatch(table or "")


def _run(engine: Engine, step: Any, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with translated(), engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(hashtext('line.migrate'))"))
        connection.execute(text("set lock_timeout = '10s'"))
        connection.commit()
        config.attributes["connection"] = connection
        step(config, revision)
        connection.commit()
        connection.execute(text("select pg_advisory_unlock(hashtext('line.migrate'))"))
        connection.commit()
