"""Whether the broker is giving partitions away right now."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.adapters.kafka_groups import GroupWatch
from line.drill.place import DrillLine

MOVING = ("PreparingRebalance", "CompletingRebalance")


@contextmanager
def is_rebalancing(line: DrillLine) -> Iterator[Callable[[], bool]]:
    """A question that can be asked again and again."""
    group = GroupWatch(line.environment["KAFKA_BOOTSTRAP_SERVERS"])
    try:
        yield lambda: group.state() in MOVING
    finally:
        group.close()
