"""What a drill found: journals against rows. Pure: sets in, sentences out."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from line.account import Key


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as the drill needs it: whose, where it lay on the bus, when it was judged."""

    key: Key
    offset: int
    judged_at_s: float


@dataclass(frozen=True, slots=True)
class Attempts:
    """What the workers wrote down outside Postgres: every result they were about to record, and every fence."""

    judged: int = 0
    distinct: int = 0
    fenced: int = 0

    @property
    def judged_again(self) -> int:
        """Results that a killed or fenced worker had judged before."""
        return self.judged - self.distinct


@dataclass(frozen=True, slots=True)
class Findings:
    """The comparison of the journals with the rows. All but the first four should be zero."""

    captured: int
    rows: int
    judged_again: int
    fenced: int
    lost: int
    duplicates: int
    strangers: int
    gaps: int
    out_of_order: int

    def problems(self) -> tuple[str, ...]:
        """Why the line did not keep its promise; empty where it did."""
        names = ("lost", "duplicates", "strangers", "gaps", "out_of_order")
        return tuple(f"{name.replace('_', ' ')}: {getattr(self, name)}" for name in names if getattr(self, name))

    def table(self) -> str:
        """For eyes."""
        return "\n".join(f"{name.replace('_', ' '):>14}  {value}" for name, value in asdict(self).items())


def findings(captured: Iterable[Key], rows: Sequence[StoredRow], attempts: Attempts) -> Findings:
    """Compare the set of journal keys with the rows."""
    expected = set(captured)
    found = Counter(row.key for row in rows)
    return Findings(
        captured=len(expected),
        rows=len(rows),
        judged_again=attempts.judged_again,
        fenced=attempts.fenced,
        lost=len(expected - found.keys()),
        duplicates=sum(count - 1 for count in found.values()),
        strangers=len(found.keys() - expected),
        gaps=gaps(found),
        out_of_order=out_of_order(rows),
    )


def gaps(keys: Iterable[Key]) -> int:
    """Sequence numbers missing between a camera's first and last row."""
    numbers: dict[tuple[str, str], set[int]] = {}
    for camera, start_id, sequence in keys:
        numbers.setdefault((camera, start_id), set()).add(sequence)
    return sum(max(found) - min(found) + 1 - len(found) for found in numbers.values())


def out_of_order(rows: Sequence[StoredRow]) -> int:
    """Neighbours of one camera, by sequence, that lay on the bus or were judged the other way round."""
    by_camera: dict[tuple[str, str], list[StoredRow]] = {}
    for row in sorted(rows, key=lambda row: row.key):
        by_camera.setdefault(row.key[:2], []).append(row)
    return sum(
        later.offset <= earlier.offset or later.judged_at_s < earlier.judged_at_s
        for of_one in by_camera.values()
        for earlier, later in pairwise(of_one)
    )


def read_attempts(lines: Iterable[bytes]) -> Attempts:
    """From the judged log; a line that a kill tore is left out."""
    events = [event for line in lines if (event := _parsed(line))]
    keys = [tuple(key) for event in events if event["event"] == "judged" for key in event["keys"]]
    return Attempts(len(keys), len(set(keys)), sum(event["event"] == "fenced" for event in events))


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        found: dict[str, list[list[str | int]]] = json.loads(line)
    except ValueError:
        return None
    return found
