"""How far back a trend looks, and in which steps: pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.rollup import Grain


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time up to now, in steps that are whole counts of one grain."""

    length: timedelta
    step: timedelta
    grain: Grain

    def since(self, now: datetime) -> datetime:
        """Where the first whole step begins."""
        return self.grain.begin_of(now - self.length)


SPANS = {
    "15 min": Span(timedelta(minutes=15), timedelta(minutes=1), Grain.MINUTE),
    "1 h": Span(timedelta(hours=1), timedelta(minutes=1), Grain.MINUTE),
    "8 h": Span(timedelta(hours=8), timedelta(minutes=10), Grain.MINUTE),
    "24 h": Span(timedelta(hours=24), timedelta(minutes=30), Grain.MINUTE),
    "7 d": Span(timedelta(days=7), timedelta(hours=2), Grain.HOUR),
    "30 d": Span(timedelta(days=30), timedelta(days=1), Grain.DAY),
    "90 d": Span(timedelta(days=90), timedelta(days=1), Grain.DAY),
}
