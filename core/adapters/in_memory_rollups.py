"""The ledger's twin as far as counts go."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from core.inspection import Result
from core.rollup import Grain, LotCount, LotKey, RollupKey, lots_of, rolled_up


@dataclass(kw_only=True)
class MemoryRollups:
    """Rollups in a dictionary."""

    rolled: Counter[RollupKey] = field(default_factory=Counter)
    lot_counts: dict[LotKey, LotCount] = field(default_factory=dict)

    def roll_up(self, new: Iterable[Result]) -> None:
        """Add these results to the counts."""
        results = list(new)
        self.rolled.update(rolled_up(results))
        for key, count in lots_of(results).items():
            self.lot_counts[key] = self.lot_counts[key].and_also(count) if key in self.lot_counts else count

    def rollups(self, grain: Grain, product: str, since: datetime, until: datetime) -> dict[RollupKey, int]:
        """Looked for one by one."""
        return {
            key: frames
            for key, frames in self.rolled.items()
            if (key.grain, key.product) == (grain, product) and since <= key.begins_at < until
        }

    def lots(self, product: str, since: datetime) -> dict[LotKey, LotCount]:
        """Looked for one by one."""
        own = {key: count for key, count in self.lot_counts.items() if key.product == product}
        seen = {key.lot for key, count in own.items() if count.last_at >= since}
        return {key: count for key, count in own.items() if key.lot in seen}
