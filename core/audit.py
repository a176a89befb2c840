"""The audit as it is read: who changed what, when, from what to what, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change. `old` is None where there was nothing before, `new` where there is nothing any more."""

    id: int
    at: datetime
    who: str
    what: str
    old: Values | None
    new: Values | None
    why: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted: of whom, of what (the beginning of its name), since when; empty means any."""

    who: str = ""
    what: str = ""
    since: datetime | None = None
    before_id: int | None = None


def sentence(entry: AuditEntry) -> str:
    """One line: only what differs, so that a recipe of twenty fields with one change is read at a glance."""
    told = f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.who}  {entry.what}"
    return "  ".join(filter(None, (told, _difference(entry.old or {}, entry.new or {}), f'"{entry.why}"')))


def _difference(old: Values, new: Values) -> str:
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return ", ".join(f"{name} {_said(old, name)} -> {_said(new, name)}" for name in names)


def _said(values: Values, name: str) -> str:
    return str(values[name]) if name in values else "none"
