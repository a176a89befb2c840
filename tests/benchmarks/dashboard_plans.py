"""Every statement that the pages send, with its plan and its time: asked of the pages themselves, without a browser."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import streamlit
from sqlalchemy import Connection, Engine, event
from streamlit.testing.v1 import AppTest

from tests.dashboard.places import Place

MANY_ROWS = 5000
"""A smaller table is sooner read from end to end than looked up in an index."""


@dataclass(frozen=True)
class Look:
    """A page, with what somebody chose on it."""

    page: str
    address: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One statement: what it reads from end to end, and how long it took."""

    statement: str
    scanned: tuple[str, ...]
    took_ms: float


def looks(lot: str, part_id: str, part_key: str) -> dict[str, Look]:
    """What a day's work looks at."""
    return {
        "Live": Look("live"),
        "Trends over 90 days": Look("trends", {"span": "90 d"}),
        "Trends over 7 days": Look("trends", {"span": "7 d"}),
        "Trends, since when": Look("trends", {"span": "24 h"}, {"since_when": True, "since_part": part_id}),
        "Defects": Look("defects"),
        "Defects of a lot from a score on": Look("defects", chosen={"defect_lot": lot, "defect_shares": (0.9, 3.0)}),
        "Defects of a camera, a week": Look(
            "defects", chosen={"defect_camera": "line2-top", "defect_period": "last 7 days"}
        ),
        "A part's story": Look("part", {"part": part_key}),
        "Thresholds over a month": Look("thresholds", chosen={"span": "last month"}),
        "Review": Look("review"),
        "Shift start": Look("shift"),
        "Products": Look("products"),
        "Models": Look("models"),
        "Health": Look("health"),
    }


def asked_by(place: Place, look: Look) -> list[Asked]:
    """The statements of the page, in order, with nothing cached. Raises where the page does not come to its end."""
    os.environ.update(place.environment)
    streamlit.cache_data.clear()
    page = AppTest.from_string(f"from dashboard.views import {look.page}\n{look.page}.page()\n", default_timeout=120)
    for name, value in look.address.items():
        page.query_params[name] = value
    for name, value in look.chosen.items():
        page.session_state[name] = value
    with recorded() as found:
        page.run()
    if page.exception or page.error:
        raise AssertionError([each.value for each in (*page.exception, *page.error)])
    return found


@contextmanager
def recorded() -> Iterator[list[Asked]]:
    """The questions that are sent meanwhile; each is explained on its own connection, under its own settings."""
    found: list[Asked] = []

    def explain(connection: Connection, _: Any, statement: str, given: Any, context: Any, many: bool) -> None:
        if many or not statement.lstrip().lower().startswith(("select", "with")):
            return
        plan = _plan(connection, statement, given)
        context.told = (tuple(sorted(_scans(connection, plan))), monotonic())

    def note(_: Any, __: Any, statement: str, ___: Any, context: Any, ____: bool) -> None:
        if told := getattr(context, "told", None):
            found.append(Asked(statement, told[0], 1000 * (monotonic() - told[1])))

    event.listen(Engine, "before_cursor_execute", explain)
    event.listen(Engine, "after_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
        event.remove(Engine, "after_cursor_execute", note)


def _plan(connection: Connection, statement: str, given: Any) -> dict[str, Any]:
    """Past SQLAlchemy, or this would be explained as well."""
    driver = connection.connection.cursor()
    driver.execute(f"explain (format json) {statement}", given)
    (told,) = driver.fetchone()
    plan: dict[str, Any] = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    return plan


def _scans(connection: Connection, plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan" and _rows(connection, plan["Relation Name"]) > MANY_ROWS:
        yield plan["Relation Name"]
    for below in plan.get("Plans", ()):
        yield from _scans(connection, below)


def _rows(connection: Connection, table: str) -> int:
    driver = connection.connection.cursor()
    driver.execute("select reltuples from pg_class where oid = to_regclass(%s)", (table,))
    return int(driver.fetchone()[0])
