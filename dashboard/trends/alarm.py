"""Has something changed, and since when? Pure functions of counts per step."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

SMOOTHING = 0.25
"""How much a new step counts in the moving average: it follows within about eight steps."""
EVIDENCE = 12.0
"""A change is told when the counts are e^12 times likelier with it than without: at ninety steps to choose from and
parts that are not quite independent, a line that has not changed is then left alone."""


@dataclass(frozen=True, slots=True)
class Change:
    """From the step at `place` on, the share is `after` where it was `before`."""

    place: int
    before: float
    after: float

    @property
    def rose(self) -> bool:
        """Whether there are more of them now."""
        return self.after > self.before


def moving_average(hits: Sequence[int], totals: Sequence[int], smoothing: float = SMOOTHING) -> list[float]:
    """The exponentially weighted share of hits; a step with few parts moves it less, one without parts not at all."""
    found: list[float] = []
    weighed_hits = weighed_totals = 0.0
    for hit, total in zip(hits, totals, strict=True):
        weighed_hits = (1 - smoothing) * weighed_hits + hit
        weighed_totals = (1 - smoothing) * weighed_totals + total
        found.append(weighed_hits / weighed_totals if weighed_totals else 0.0)
    return found


def change_point(hits: Sequence[int], totals: Sequence[int], least: float = 1.5) -> Change | None:
    """The step at which the share of hits most likely changed; None where no change is as sure as EVIDENCE asks.

    The larger of both shares, or of their complements, must be at least `least` times the smaller: with many parts the
    tiniest change is sure and concerns nobody.
    """
    all_hits, all_totals = sum(hits), sum(totals)
    best, found = EVIDENCE, None
    early_hits = early_totals = 0
    for place in range(1, len(hits)):
        early_hits += hits[place - 1]
        early_totals += totals[place - 1]
        late = (all_hits - early_hits, all_totals - early_totals)
        if not early_totals or not late[1]:
            continue
        evidence = _likelihood(early_hits, early_totals) + _likelihood(*late) - _likelihood(all_hits, all_totals)
        change = Change(place, early_hits / early_totals, late[0] / late[1])
        if evidence > best and _matters(change, least):
            best, found = evidence, change
    return found


def _likelihood(hits: int, total: int) -> float:
    """The logarithm of how likely these hits are at their own share."""
    misses = total - hits
    return (hits * log(hits / total) if hits else 0.0) + (misses * log(misses / total) if misses else 0.0)


def _matters(change: Change, least: float) -> bool:
    low, high = sorted((change.before, change.after))
    return high >= least * low or (1 - low) >= least * (1 - high)
