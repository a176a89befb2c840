"""What a drill found: journals against rows. Pure: sets in, sentences out."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from line.account import Key
from line.drill.judged_logs import Attempts

OF_NO_CAMERA = "?"
"""How the key of a record begins whose envelope is not trusted: it has a place on the bus, and no camera's order."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as the drill needs it: whose, where it lay on the bus, when and by which model it was judged.

    `version` is 0 where nobody judged it.
    """

    key: Key
    offset: int
    judged_at_s: float
    version: int = 1


@dataclass(frozen=True, slots=True)
class Findings:
    """The comparison of the journals with the rows.

    `lost` frames stand in a journal and have no row; `strangers` the other way round. `errors` are rows that nobody
    judged beyond those expected, `missing_errors` expected ones that somebody did judge.
    """

    frames: int
    acknowledged: int
    rows: int
    lost: int
    duplicates: int
    strangers: int
    gaps: int
    out_of_order: int
    errors: int
    missing_errors: int
    judged_again: int
    fenced: int
    versions: int
    longest_stall_s: float

    def problems(self) -> tuple[str, ...]:
        """Why the line did not keep its promise; empty where it did."""
        names = ("lost", "duplicates", "strangers", "gaps", "out_of_order", "errors", "missing_errors")
        found = [f"{name.replace('_', ' ')}: {getattr(self, name)}" for name in names if getattr(self, name)]
        unheard = self.frames - self.acknowledged
        return (*found, *([f"never acknowledged: {unheard}"] if unheard else []))


def findings(
    captured: Iterable[Key],
    acknowledged: Collection[Key],
    rows: Sequence[StoredRow],
    attempts: Attempts,
    expected_errors: Collection[Key] = (),
) -> Findings:
    """Compare the set of journal keys with the rows."""
    expected = set(captured)
    found = Counter(row.key for row in rows)
    errors = {row.key for row in rows if not row.version}
    return Findings(
        frames=len(expected),
        acknowledged=len(expected.intersection(acknowledged)),
        rows=len(rows),
        lost=len(expected - found.keys()),
        duplicates=sum(count - 1 for count in found.values()),
        strangers=len(found.keys() - expected),
        gaps=gaps(found),
        out_of_order=out_of_order(rows),
        errors=len(errors.difference(expected_errors)),
        missing_errors=len(set(expected_errors) - errors),
        judged_again=attempts.judged_again,
        fenced=attempts.fenced,
        versions=len({row.version for row in rows if row.version}),
        longest_stall_s=longest_stall_s(rows),
    )


def gaps(keys: Iterable[Key]) -> int:
    """Sequence numbers missing between a camera's first and last row."""
    numbers: dict[tuple[str, str], set[int]] = {}
    for camera, start_id, sequence in keys:
        if not camera.startswith(OF_NO_CAMERA):
            numbers.setdefault((camera, start_id), set()).add(sequence)
    return sum(max(found) - min(found) + 1 - len(found) for found in numbers.values())


def out_of_order(rows: Sequence[StoredRow]) -> int:
    """Neighbours of one camera, by sequence, that lay on the bus or were judged the other way round."""
    by_camera: dict[tuple[str, str], list[StoredRow]] = {}
    for row in sorted(rows, key=lambda row: row.key):
        if not row.key[0].startswith(OF_NO_CAMERA):
            by_camera.setdefault(row.key[:2], []).append(row)
    return sum(
        later.offset <= earlier.offset or later.judged_at_s < earlier.judged_at_s
        for of_one in by_camera.values()
        for earlier, later in pairwise(of_one)
    )


def longest_stall_s(rows: Iterable[StoredRow]) -> float:
    """The longest time between two verdicts that follow each other, whoever gave them."""
    moments = sorted(row.judged_at_s for row in rows)
    return max((later - earlier for earlier, later in pairwise(moments)), default=0.0)
