"""Where a station's log goes and what a line of it looks like. Events with fields, never prose."""

import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

Event = MutableMapping[str, Any]


def write_log_lines(log_format: str, station: str) -> None:
    """From here on every event of this process goes to stderr: `json` as one object per line, else for people.

    A traceback is written without the values of local variables, which may hold a password.
    """

    def named(_: Any, __: str, event: Event) -> Event:
        return {"station": station, **event}

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            named,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_rendered(log_format),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # whatever it is by then
    )


def _rendered(log_format: str) -> list[Any]:
    if log_format == "json":
        without_locals = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return [structlog.processors.ExceptionRenderer(without_locals), structlog.processors.JSONRenderer()]
    colours = sys.stderr.isatty()
    return [structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)]
