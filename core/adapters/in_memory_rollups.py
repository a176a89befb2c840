"""The ledger's twin as far as counts go."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from core.inspection import Result
from core.rollup import Grain, RollupKey, rolled_up


@dataclass(kw_only=True)
class MemoryRollups:
    """Rollups in a dictionary."""

    rolled: Counter[RollupKey] = field(default_factory=Counter)

    def roll_up(self, new: Iterable[Result]) -> None:
        """Add these results to the counts."""
        self.rolled.update(rolled_up(new))

    def rollups(self, grain: Grain, product: str, since: datetime, until: datetime) -> dict[RollupKey, int]:
        """Looked for one by one."""
        return {
            key: frames
            for key, frames in self.rolled.items()
            if (key.grain, key.product) == (grain, product) and since <= key.begins_at < until
        }
