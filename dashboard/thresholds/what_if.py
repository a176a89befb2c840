"""What other limits would have meant for the parts of late: pure functions of counts."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.rollup import bin_edge
from core.verdict import Threshold
from dashboard.thresholds.read_models import BinCount


@dataclass(frozen=True, slots=True)
class Tail:
    """A score, and the share of all parts that scored at least that much."""

    score: float
    share: float


def tails(counts: Sequence[BinCount]) -> list[Tail]:
    """The share at or above each edge of a bin, lowest edge first; from 1 down to 0. Empty where nothing was scored."""
    total = sum(count.frames for count in counts)
    found: list[Tail] = []
    above = total
    for count in counts:
        _append(found, Tail(bin_edge(count.score_bin), above / total))
        above -= count.frames
        found.append(Tail(bin_edge(count.score_bin + 1), above / total))
    return found


def _append(found: list[Tail], tail: Tail) -> None:
    if not found or found[-1].score != tail.score:
        found.append(tail)


def changed_bands(old: Threshold, new: Threshold) -> list[tuple[str, float, float]]:
    """The bands of scores whose parts would be treated differently, with what they would be; the reject limit first."""
    bands = []
    if new.reject_from < old.reject_from:
        bands.append(("rejected now", new.reject_from, old.reject_from))
    if new.reject_from > old.reject_from:
        bands.append(("no longer rejected", old.reject_from, new.reject_from))
    if new.review_from < old.review_from:
        bands.append(("reviewed now", new.review_from, min(old.review_from, new.reject_from)))
    if new.review_from > old.review_from:
        bands.append(("no longer reviewed", old.review_from, min(new.review_from, old.reject_from)))
    return [band for band in bands if band[1] < band[2]]
