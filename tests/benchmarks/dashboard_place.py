"""The benchmark's line in a folder of its own, filled once and kept for the next look."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from sqlalchemy import text

from core.adapters import embedded
from tests.benchmarks.dashboard_line import fill, tell_of_cameras
from tests.dashboard.places import Place, line_at

LETTER = "filled.json"
"""Written last: a folder without it was left in the middle, and is not gone on with."""


class OtherFolder(Exception):
    """The folder holds something else than so many rows: choose another one, or remove it."""


@contextmanager
def filled_line(folder: Path, rows: int) -> Iterator[Place]:
    """A line with at least so many inspections; the server that holds them is stopped afterwards, its files stay.

    Raises:
        OtherFolder: It was filled with another number of rows, or not to the end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    letter = folder / LETTER
    if not letter.exists() and (folder / "postgres").exists():
        raise OtherFolder(f"{folder} was left half filled: remove it")
    if letter.exists() and json.loads(letter.read_text())["asked"] != rows:
        raise OtherFolder(f"{folder} was filled with {json.loads(letter.read_text())['asked']} rows")
    if os.geteuid() == 0:
        folder.chmod(0o755)  # the server runs as a user of its own there
    try:
        with line_at(embedded.embedded_url(folder), folder) as place:
            if not letter.exists():
                letter.write_text(json.dumps(_fill(place, rows)))
            tell_of_cameras(place.line, json.loads(letter.read_text())["rows"])
            yield place
    finally:
        embedded.stop(folder)


def _fill(place: Place, rows: int) -> dict[str, object]:
    began = monotonic()
    for said in fill(place.line, rows):
        print(f"filling: {said}, {monotonic() - began:.0f} s", flush=True)
    seconds = round(monotonic() - began)
    with place.engine.connect() as connection:
        connection.execute(text("set statement_timeout = 0"))
        there = connection.scalar(text("select count(*) from inspection"))
        size = connection.scalar(text("select pg_database_size(current_database())"))
    return {"asked": rows, "rows": there, "gigabytes": round(size / 1e9, 1), "seconds": seconds}
